"""The connection's story: what each error is called, and how much of it is kept."""

import inspect
import json
from pathlib import Path

import pytest

from custom_components import clova_cic
from custom_components.clova_cic.cic import errors
from custom_components.clova_cic.cic.errors import (
    CertificateError,
    CertificateFault,
    CicError,
    DownchannelClosedError,
    error_for_status,
)
from custom_components.clova_cic.connection_log import (
    MOST_CHANGES,
    MOST_DETAIL,
    ConnectionLog,
    Link,
    Reason,
    reason_of,
)
from custom_components.clova_cic.tls import InvalidCaError

EXPECTED = {
    "AccountClosedError": Reason.SIGN_IN,
    "ConnectionLostError": Reason.LOST,
    "DownchannelClosedError": Reason.CLOSED_BY_SERVICE,
    "GrantRefusedError": Reason.SIGN_IN,
    "NameNotFoundError": Reason.NAME_NOT_FOUND,
    "NotCicError": Reason.NOT_CIC,
    "NotHttp2Error": Reason.NOT_HTTP2,
    "SilentPeerError": Reason.SILENT,
    "UnreachableError": Reason.UNREACHABLE,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_error_has_its_reason(name: str) -> None:
    assert reason_of(getattr(errors, name)("text")) is EXPECTED[name]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, Reason.REFUSED),
        (401, Reason.TOKEN_REFUSED),
        (412, Reason.NO_DOWNCHANNEL),
        (429, Reason.TOO_MANY_REQUESTS),
        (500, Reason.SERVER_ERROR),
        (503, Reason.SERVER_ERROR),
    ],
)
def test_each_status_has_its_reason(status: int, reason: Reason) -> None:
    assert reason_of(error_for_status(status)) is reason


def test_each_fault_of_a_certificate_has_its_reason() -> None:
    told = {reason_of(CertificateError("text", fault)).value for fault in CertificateFault}
    assert told == {f"certificate_{fault.name.lower()}" for fault in CertificateFault}


def test_other_errors() -> None:
    assert reason_of(CicError("new kind")) is Reason.UNKNOWN
    assert reason_of(InvalidCaError()) is Reason.INVALID_CA
    assert reason_of(TimeoutError()) is Reason.UNREACHABLE
    assert reason_of(DownchannelClosedError("x"), contested=True) is Reason.SECOND_CLIENT


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_every_state_and_reason_has_a_name(language: str) -> None:
    folder = Path(inspect.getfile(clova_cic)).parent / "translations"
    texts = json.loads((folder / f"{language}.json").read_text())["entity"]["sensor"]["connection"]
    shown = {link.value for link in Link if link is not Link.RENEWING}
    assert texts["state"].keys() == shown
    assert texts["state_attributes"]["reason"]["state"].keys() == set(Reason)


def story(log: ConnectionLog) -> list[tuple[str, str | None, int]]:
    return [(one["link"], one["reason"], one["times"]) for one in log.as_list()[1:]]


def test_what_repeats_itself_takes_one_place() -> None:
    log = ConnectionLog("Test cloud")
    log.note(Link.UP)
    for _ in range(100):
        log.note(Link.DOWN, Reason.UNREACHABLE, pause=60.0)
    log.note(Link.UP)
    assert story(log) == [("disconnected", "unreachable", 100), ("connected", None, 2)]
    for _ in range(30):
        log.note(Link.RENEWING, Reason.AGED)
        log.note(Link.UP)
    assert story(log) == [
        ("disconnected", "unreachable", 100),
        ("renewing", "aged", 30),
        ("connected", None, 32),
    ]
    assert log.latest.next_try is None


def test_the_story_is_bounded() -> None:
    log = ConnectionLog("Test cloud")
    reasons = list(Reason)
    for number in range(10 * MOST_CHANGES):
        error = CicError("x" * 10 * MOST_DETAIL)
        log.note(Link.DOWN, reasons[number % len(reasons)], error=error, pause=1.0)
    assert len(log.as_list()) == MOST_CHANGES
    assert {len(one["detail"]) for one in log.as_list()} == {MOST_DETAIL}
    assert log.latest.next_try is not None
    assert log.latest.next_try > log.latest.last
