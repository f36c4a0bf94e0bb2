"""The authentication API: who is given a code and tokens, and how long they are good."""

from collections.abc import AsyncIterator
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from cic_server.accounts.ledger import (
    CODE_SECONDS,
    MAX_ACCOUNTS,
    MAX_CODES,
    MAX_LOGINS,
    MAX_PAIRS,
    Issued,
    Ledger,
)
from cic_server.accounts.safe import MAX_BYTES, Safe
from tests.cic_server.auth import Asker, account, asking, way_back
from tests.cic_server.client import Client, Control
from tests.cic_server.server import RunningServer


@pytest.fixture
async def device(cic_server: RunningServer, socket_enabled: None) -> AsyncIterator[Asker]:
    async with asking(cic_server) as device:
        yield device


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_device_signs_in_renews_and_gives_back(device: Asker, method: str) -> None:
    answer = await device.authorize(method)
    assert answer.status_code == 200
    assert answer.json().keys() == {"code", "state"}
    assert answer.json()["state"] == "a state/1"

    first = await device.token("authorization_code", method, code=answer.json()["code"])
    tokens = first.json()
    assert (tokens["expires_in"], tokens["token_type"]) == (332000, "Bearer")
    assert await device.is_good(tokens)

    renewed = (
        await device.token("refresh_token", method, refresh_token=tokens["refresh_token"])
    ).json()
    assert renewed["access_token"] != tokens["access_token"]
    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert await device.is_good(renewed)

    deleted = await device.token("delete", method, access_token=renewed["access_token"])
    assert deleted.json() == {
        "access_token": renewed["access_token"],
        "client_id": device.server.client_id,
        "expires_in": 332000,
    }
    assert not await device.is_good(renewed)
    assert not await device.is_good(tokens)
    assert (await device.refresh(renewed)).status_code == 400


async def test_a_token_says_which_client_asks(device: Asker, control: Control) -> None:
    tokens = await device.sign_in()
    since = await control.now()
    async with Client(device.server, tokens["access_token"]) as client:
        await client.downchannel()
        answer = await client.say_text("hello")
        assert await answer.status == 200
    entry = await control.entry(since, "event", name="Recognize")
    assert entry["client"] == device.device
    async with Client(device.server, tokens["access_token"]) as client:
        await client.downchannel(x_clova_device_tags="kitchen")
        await client.say_text("hello")
    assert await control.entry(since, "downchannel_opened", client=f"{device.device}/kitchen")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        *(({name: None}, 400) for name in ("client_id", "device_id", "model_id", "response_type")),
        ({"state": None}, 400),
        ({"state": ""}, 400),
        ({"client_id": "another"}, 400),
        ({"response_type": "token"}, 400),
        ({"grant_type": "password"}, 400),
        ({"device_id": "x" * 5000}, 400),
        ({"request_vu": "maybe"}, 400),
        ({"request_vu": "Y"}, 400),  # a guest has no account token
        ({"bearer": "another"}, 403),
        ({"bearer": ""}, 403),
        ({"grant_type": "uauth_auth_code_v2"}, 200),
        ({"bearer": "", "request_vu": "Y"}, 200),
        ({"device_id": "00:11:22:33:44:55", "model_id": "any"}, 200),
    ],
)
async def test_who_is_given_a_code(device: Asker, changes: dict[str, Any], status: int) -> None:
    for method in ("GET", "POST"):
        assert (await device.authorize(method, **changes)).status_code == status


async def test_what_is_said_twice_is_refused(device: Asker) -> None:
    query = f"client_id={device.server.client_id}&device_id=d&model_id=m&response_type=code&state=s"
    headers = {"Authorization": f"Bearer {device.account}"}
    ask = f"/authorize?{query}"
    assert (await device.http.get(ask, headers=headers)).status_code == 200
    assert (await device.http.get(f"{ask}&state=t", headers=headers)).status_code == 400
    both = await device.http.post(ask, headers=headers, data={"state": "s"})
    assert both.status_code == 400
    long = await device.http.post(ask, headers=headers, data={"x": "y" * 40_000})
    assert long.status_code == 400
    odd = await device.http.post(ask, headers=headers, content=b"a=\xff")
    assert odd.status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in ("client_id", "client_secret", "code", "device_id", "model_id")),
        {"client_id": "another"},
        {"client_secret": "another"},
        {"client_secret": "é"},
        {"code": "another"},
        {"grant_type": "password"},
        {"grant_type": None},
    ],
)
async def test_who_is_given_no_tokens(device: Asker, changes: dict[str, Any]) -> None:
    code = await device.code()
    query = {"grant_type": "authorization_code", "code": code} | changes
    grant_type = query.pop("grant_type")
    assert (await device.token(grant_type, **query)).status_code == 400
    # a code is not lost by what was wrong beside it
    assert (await device.token("authorization_code", code=code)).status_code == 200
    assert (await device.token("authorization_code", code=code)).status_code == 400


async def test_who_may_renew_and_delete(device: Asker) -> None:
    tokens = await device.sign_in()
    for changes in ({"device_id": "another"}, {"client_secret": "x"}, {"model_id": None}):
        assert (await device.refresh(tokens, **changes)).status_code == 400
    assert (await device.refresh(tokens, refresh_token=tokens["access_token"])).status_code == 400
    for changes in ({"device_id": "another"}, {"client_secret": "x"}, {"model_id": "another"}):
        assert (await device.delete(tokens, **changes)).status_code == 401
    for changes in ({"access_token": None}, {"access_token": "another"}, {"device_id": None}):
        assert (await device.delete(tokens, **changes)).status_code == 400
    without = await device.refresh(tokens, device_id=None, model_id="renewed")
    assert without.status_code == 200
    assert (await device.delete(without.json(), model_id="renewed")).status_code == 200


async def test_the_old_refresh_token_is_good_until_the_new_access_token_is_used(
    device: Asker,
) -> None:
    tokens = await device.sign_in()
    lost = (await device.refresh(tokens)).json()
    again = await device.refresh(tokens)  # what came before was lost on its way
    assert again.status_code == 200
    assert await device.is_good(tokens)  # what is on its way
    assert await device.is_good(again.json())
    for ended in (tokens, lost):
        assert (await device.refresh(ended)).status_code == 400
    assert (await device.refresh(again.json())).status_code == 200


async def test_a_server_that_rotates_at_once(device: Asker, control: Control) -> None:
    await control.call("PUT", "/control/settings", {"rotates_at_once": True, "token_seconds": 77.5})
    tokens = await device.sign_in()
    assert tokens["expires_in"] == 77.5
    renewed = (await device.refresh(tokens)).json()
    assert not await device.is_good(tokens)
    assert (await device.refresh(tokens)).status_code == 400
    assert (await device.refresh(renewed)).status_code == 200


async def test_tokens_end_at_the_will_of_a_test(device: Asker, control: Control) -> None:
    async def end(**how: Any) -> None:
        body = {"client": device.device} | how
        assert await control.call("POST", "/control/tokens", body) == {"logins": 1}

    tokens = await device.sign_in()
    await end(expire=True)
    assert not await device.is_good(tokens)
    renewed = (await device.refresh(tokens)).json()
    assert await device.is_good(renewed)
    await end(revoke="access")
    assert not await device.is_good(renewed)
    again = (await device.refresh(renewed)).json()
    await end(revoke="refresh")
    assert await device.is_good(again)
    assert (await device.refresh(again)).status_code == 400
    await end(revoke="all")
    assert not await device.is_good(again)
    with pytest.raises(AssertionError, match="400"):
        await end(revoke="nothing")


async def test_accounts_that_have_left_or_are_refused(device: Asker, control: Control) -> None:
    async with asking(device.server, await account(control)) as other:
        tokens = await other.sign_in()
        body = {"account_token": other.account}
        await control.call("POST", "/control/accounts", body | {"refused": True})
        assert (await other.authorize()).status_code == 403
        assert await other.is_good(tokens)
        await control.call("POST", "/control/accounts", body | {"refused": False, "closed": True})
        assert (await other.authorize()).status_code == 423
        assert not await other.is_good(tokens)
        assert (await other.refresh(tokens)).status_code == 400
        listed = await control.call("GET", "/control/accounts")
    assert other.account not in json.dumps(listed)
    assert {"consent": True, "closed": True, "refused": False} in [
        {name: each[name] for name in ("consent", "closed", "refused")}
        for each in listed["accounts"]
    ]
    assert await device.sign_in()  # everybody else


async def test_consent_leads_back_to_an_address(device: Asker, control: Control) -> None:
    async with asking(device.server, await account(control, consent=False)) as other:
        answer = await other.authorize()
        assert answer.status_code == 451
        code, page = answer.json()["code"], answer.json()["redirect_uri"]
        assert answer.json()["state"] == "a state/1"
        assert page.startswith(device.server.auth_address)
        assert (await other.token("authorization_code", code=code)).status_code == 400

        back = "http://home.example:8123/back?flow=1"
        shown = await other.http.get(page, params={"code": code, "redirect_uri": back})
        assert shown.status_code == 200
        policy = shown.headers["content-security-policy"]
        assert policy.endswith("form-action 'self' http://home.example:8123")
        assert "script" not in shown.text
        form = {"code": code, "redirect_uri": back, "answer": "agree"}
        agreed = await other.http.post("/consent", data=form)
        assert way_back(agreed) == (
            "http://home.example:8123/back",
            {"flow": "1", "code": code, "state": "a state/1"},
        )
        assert (await other.http.get(page)).status_code == 400  # once
        assert (await other.token("authorization_code", code=code)).status_code == 200
        assert (await other.authorize()).status_code == 200


async def test_consent_without_an_address_to_go_back_to(device: Asker, control: Control) -> None:
    async with asking(device.server, await account(control, consent=False)) as other:
        code = await other.code()
        declined = await other.http.post("/consent", data={"code": code, "answer": "decline"})
        assert way_back(declined) == (
            "clova://agreement-failure",
            {"error": "user-disagreement"},
        )
        assert (await other.token("authorization_code", code=code)).status_code == 400
        code = await other.code()
        agreed = await other.http.post("/consent", data={"code": code, "answer": "agree"})
        assert way_back(agreed) == ("clova://agreement-success", {})
        assert (await other.token("authorization_code", code=code)).status_code == 200


async def test_consent_declined_leads_back_too(device: Asker, control: Control) -> None:
    async with asking(device.server, await account(control, consent=False)) as other:
        code = await other.code()
        form = {"code": code, "redirect_uri": "https://[::1]:1/back", "answer": "decline"}
        declined = await other.http.post("/consent", data=form)
        sent = {"code": code, "state": "a state/1", "error": "user-disagreement"}
        assert way_back(declined) == ("https://[::1]:1/back", sent)


@pytest.mark.parametrize(
    "form",
    [
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "https://a.example;script-src 'unsafe-inline'/"},
        {"redirect_uri": "https://user@a.example/"},
        {"redirect_uri": "https://[::1/"},
        {"redirect_uri": "x" * 3000},
        {"code": "another"},
        {"answer": "perhaps"},
    ],
)
async def test_what_a_page_of_consent_refuses(
    device: Asker, control: Control, form: dict[str, str]
) -> None:
    async with asking(device.server, await account(control, consent=False)) as other:
        code = await other.code()
        sent = {"code": code, "answer": "agree"} | form
        assert (await other.http.post("/consent", data=sent)).status_code == 400
        assert (await other.authorize()).status_code == 451


@pytest.mark.parametrize(
    ("languages", "title"),
    [("ko-KR,ko;q=0.9", "이용 약관"), ("ja", "利用規約"), ("fr", "Terms of use")],
)
async def test_the_page_of_consent_in_the_users_language(
    device: Asker, control: Control, languages: str, title: str
) -> None:
    async with asking(device.server, await account(control, consent=False)) as other:
        page = (await other.authorize()).json()["redirect_uri"]
        shown = await other.http.get(page, headers={"Accept-Language": languages})
        assert f"<h1>{title}</h1>" in shown.text


async def test_terms_that_change_stop_the_next_renewal(device: Asker, control: Control) -> None:
    async with asking(device.server, await account(control)) as other:
        tokens = await other.sign_in()
        body = {"account_token": other.account, "consent": False}
        await control.call("POST", "/control/accounts", body)
        assert await other.is_good(tokens)
        assert (await other.refresh(tokens)).status_code == 451
        assert (await other.authorize()).status_code == 451


async def test_a_guest_is_asked_to_sign_in_where_an_account_is_needed(device: Asker) -> None:
    tokens = await device.sign_in(bearer="", request_vu="Y")
    async with Client(device.server, tokens["access_token"]) as client:
        await client.downchannel()
        parts = await (await client.say_text("hello")).all_parts()
        assert "Clova.ExpectLogin" not in [part.name for part in parts]
        parts = await (await client.say_text("order a pizza")).all_parts()
        names = [part.name for part in parts]
        assert names[0] == "SpeechSynthesizer.Speak"
        assert names[-1] == "Clova.ExpectLogin"
        assert "SpeechRecognizer.ExpectSpeech" not in names
    tokens = await device.sign_in()  # now with an account: the same client
    async with Client(device.server, tokens["access_token"]) as client:
        await client.downchannel()
        parts = await (await client.say_text("order a pizza")).all_parts()
        assert "SpeechRecognizer.ExpectSpeech" in [part.name for part in parts]


async def test_the_log_tells_what_was_asked_and_no_secret(device: Asker, control: Control) -> None:
    since = await control.now()
    tokens = await device.sign_in()
    renewed = (await device.refresh(tokens)).json()
    await device.delete(renewed)
    await device.authorize(bearer="wrong-account-token")
    entry = await control.entry(since, "authorize", client=device.device, status=200)
    assert (entry["guest"], entry["model"]) == (False, "model")
    for grant_type in ("authorization_code", "refresh_token", "delete"):
        found = {"client": device.device, "grant_type": grant_type, "status": 200}
        assert await control.entry(since, "token", **found)
    assert await control.entry(since, "authorize", client=device.device, status=403)
    told = json.dumps(await control.call("GET", f"/control/log?since={since}"))
    secrets = [*tokens.values(), *renewed.values(), device.account, device.server.client_secret]
    for secret in (*secrets, "wrong-account-token"):
        if isinstance(secret, str) and secret != "Bearer":
            assert secret not in told


async def test_answers_can_be_planned(device: Asker, control: Control) -> None:
    for planned in (
        {"event": "token", "status": 500},
        {"event": "token", "reset": True},
        {"event": "authorize", "status": 200, "parts": [{"headers": {}, "json": {"x": 1}}]},
        {"status": 503},  # for an event, whichever
    ):
        await control.call("POST", "/control/next-answer", planned)
    assert (await device.authorize()).json() == {"x": 1}
    code = await device.code()
    assert (await device.token("authorization_code", code=code)).status_code == 500
    with pytest.raises(httpx.HTTPError):
        await device.token("authorization_code", code=code)
    assert (await device.token("authorization_code", code=code)).status_code == 200
    async with Client(device.server).named() as client:
        await client.downchannel()
        assert await (await client.say_text("hello")).status == 503


async def test_the_api_is_there_for_clients_of_http_2_too(
    device: Asker, control: Control, client: Client
) -> None:
    token = await account(control, consent=False)
    query = f"client_id={device.server.client_id}&device_id=d&model_id=m&response_type=code&state=s"
    asked = await client.request("GET", f"/authorize?{query}", authorization=f"Bearer {token}")
    assert await asked.status == 451
    page = json.loads(await asked.body())["redirect_uri"]
    assert page.startswith(f"https://localhost:{device.server.port}/consent?")


async def test_cic_itself_is_http_2_only(device: Asker) -> None:
    headers = {"Authorization": f"Bearer {device.server.access_token}"}
    for path in ("/v1/directives", "/v1/events"):
        answer = await device.http.get(path, headers=headers)
        assert (answer.http_version, answer.status_code) == ("HTTP/1.1", 505)


class Clock:
    """Seconds since 1970, at the will of a test."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(clock: Clock) -> Ledger:
    return Ledger(clock)


def signed_in(ledger: Ledger, device: str = "d") -> Issued:
    code = ledger.code(ledger.issue_code("c", None, "s"))
    assert code is not None
    return ledger.exchange(code, device, "m", 100)


def test_a_code_is_good_for_a_while(ledger: Ledger, clock: Clock) -> None:
    code = ledger.issue_code("c", None, "s")
    clock.now += CODE_SECONDS - 1
    assert ledger.code(code)
    clock.now += 1
    assert ledger.code(code) is None
    ledger.issue_code("c", None, "s")
    assert len(ledger.codes) == 1


def test_a_token_is_good_for_its_time(ledger: Ledger, clock: Clock) -> None:
    first = signed_in(ledger)
    clock.now += 99
    assert ledger.use(first.access_token)
    clock.now += 1
    assert ledger.use(first.access_token) is None
    login = ledger.of_refresh(first.refresh_token)
    assert login is not None
    renewed = ledger.refresh(login, 100, at_once=False)
    assert ledger.use(renewed.access_token)
    assert len(login.pairs) == 1  # the first has run out


def test_all_of_it_is_bounded(ledger: Ledger, clock: Clock) -> None:
    for number in range(MAX_ACCOUNTS):
        ledger.change_account(str(number))
    with pytest.raises(OverflowError):
        ledger.change_account("one more")
    ledger.change_account("0", closed=True)
    ledger.open_account("the first of all")  # comes with the service
    first = ledger.issue_code("c", None, "s")
    for _ in range(MAX_CODES):
        ledger.issue_code("c", None, "s")
    assert (len(ledger.codes), ledger.code(first)) == (MAX_CODES, None)
    used, unused = signed_in(ledger, "used"), signed_in(ledger, "unused")
    for number in range(MAX_LOGINS - 1):
        clock.now += 0.1
        assert ledger.use(used.access_token)
        signed_in(ledger, str(number))
    assert len(ledger.logins) == MAX_LOGINS
    assert ledger.of_access(unused.access_token) is None
    login = ledger.use(used.access_token)
    assert login is not None
    for _ in range(MAX_PAIRS * 2):
        ledger.refresh(login, 100, at_once=False)
    assert len(login.pairs) == MAX_PAIRS


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"accounts":[{"x":1}],"codes":[],"logins":[]}', b"[" * 100_000, b"\xff"],
)
def test_a_file_that_cannot_be_read_is_passed_over(
    ledger: Ledger, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "accounts.json"
    file.write_bytes(content)
    Safe(file, ledger).load()
    assert not ledger.accounts
    [record] = caplog.records
    assert "forgotten" in record.getMessage()


def test_a_file_that_is_too_long_is_not_read(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    with file.open("wb") as writing:
        writing.truncate(MAX_BYTES + 1)
    Safe(file, ledger).load()
    assert not ledger.accounts


async def test_a_disk_that_refuses(
    ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    safe = Safe(tmp_path / "missing" / "accounts.json", ledger)
    token = uuid4().hex
    ledger.change_account(token)
    with pytest.raises(OSError, match="missing"):
        await safe.save()
    await safe.close()
    assert "could not be kept" in caplog.text
    (tmp_path / "missing").mkdir()
    await safe.save()
    other = Ledger(Clock())
    Safe(tmp_path / "missing" / "accounts.json", other).load()
    assert other.account_of(token)
