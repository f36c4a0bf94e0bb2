"""Pieces that need no server: upload parser, end of speech, grammar, certificates, skill failures."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
import json
from pathlib import Path
import re
from typing import Any

from cryptography import x509
import pytest

from cic_server.app import Application
from cic_server.data_dir import Tokens, load_tokens
from cic_server.engines.endpointing import WINDOW_BYTES, WINDOW_SECONDS, Ending, Endpointer, Rules
from cic_server.engines.grammar import commands_grammar
from cic_server.messages import RefusedError
from cic_server.multipart_in import (
    MAX_METADATA_BYTES,
    Audio,
    Closed,
    Metadata,
    UploadParser,
    boundary_of,
)
from cic_server.serve import make_service
from cic_server.settings import Settings
from cic_server.skills.base import Answer, Skill, Utterance
from cic_server.skills.echo import WORDS
from cic_server.tls import ensure_certificates
from cic_server.user_agent import USER_AGENT

BODY = (
    b'--B\r\nContent-Disposition: form-data; name="metadata"\r\n'
    b"Content-Type: application/json; charset=UTF-8\r\n\r\n"
    b'{"a": 1}\r\n'
    b'--B\r\nContent-Disposition: form-data; name="audio"\r\n\r\n'
    b"first\r\n--B no delimiter"
    b'\r\n--B\r\nContent-Disposition: form-data; name="audio"\r\n\r\nsecond\r\n--B--\r\nepilogue'
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, len(BODY)])
def test_upload_is_the_same_however_it_is_cut(size: int) -> None:
    parser = UploadParser(b"B")
    body = BODY.replace(b"\r\n--B no delimiter", b"\r\n-B no delimiter")
    pieces = [
        piece
        for start in range(0, len(body), size)
        for piece in parser.feed(body[start : start + size])
    ]
    assert pieces[0] == Metadata(body=b'{"a": 1}')
    assert pieces[-1] == Closed()
    sound = b"".join(piece.data for piece in pieces if isinstance(piece, Audio))
    assert sound == b"first\r\n-B no delimitersecond"


def test_upload_is_bounded() -> None:
    head = b'--B\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n'
    with pytest.raises(RefusedError, match="too large"):
        UploadParser(b"B").feed(head + bytes(MAX_METADATA_BYTES + 1))
    with pytest.raises(RefusedError):
        UploadParser(b"B").feed(b"--B\r\n" + b"X: y\r\n" * 1_000)
    with pytest.raises(RefusedError, match="Too many"):
        UploadParser(b"B").feed(b"--B\r\nA: b\r\n\r\n\r\n" * 3_000)


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Related; charset=x; Boundary="a b"', b"a b"),
        ("multipart/form-data; boundary=abc;", b"abc"),
    ],
)
def test_boundary(header: str, boundary: bytes) -> None:
    assert boundary_of(header) == boundary


@pytest.mark.parametrize("header", [None, "", "text/plain; boundary=x", "multipart/form-data"])
def test_no_boundary(header: str | None) -> None:
    with pytest.raises(RefusedError) as caught:
        boundary_of(header)
    assert caught.value.status == 400


def endings(*spans: tuple[float, float]) -> tuple[Ending | None, float]:
    """Feed (seconds, probability) spans; returns why and when listening was over."""
    probabilities = [p for seconds, p in spans for _ in range(round(seconds / WINDOW_SECONDS))]
    source = iter(probabilities)
    endpointer = Endpointer(lambda _: next(source))
    for index in range(len(probabilities)):
        if (ending := endpointer.feed(bytes(WINDOW_BYTES))) is not None:
            return ending, (index + 1) * WINDOW_SECONDS
    return None, len(probabilities) * WINDOW_SECONDS


def test_end_of_speech() -> None:
    rules = Rules()
    ending, when = endings((1, 0.0), (2, 0.9), (2, 0.1))
    assert ending is Ending.SPEECH_OVER
    assert when == pytest.approx(3 + rules.end_seconds, abs=2 * WINDOW_SECONDS)
    # A pause between words, and a soft syllable, do not end it.
    assert endings((1, 0.9), (rules.end_seconds - 0.1, 0.0), (1, 0.9))[0] is None
    assert endings((1, 0.9), (3, 0.4))[0] is None
    # A click does not begin it.
    ending, when = endings((0.06, 0.9), (8, 0.0))
    assert ending is Ending.NO_SPEECH
    assert when == pytest.approx(rules.no_speech_seconds, abs=WINDOW_SECONDS)
    ending, when = endings((1, 0.0), (12, 0.9))
    assert ending is Ending.TOO_LONG
    limit = 1 + rules.start_seconds + rules.max_speech_seconds
    assert when == pytest.approx(limit, abs=2 * WINDOW_SECONDS)


def test_grammar_holds_every_published_word() -> None:
    bodies = "".join(re.findall(r"=(.*?);", commands_grammar()))
    words = set(re.sub(r"/[^/]*/|<[^>]*>|[()|\[\]]", " ", bodies).split())
    assert set(WORDS) <= words
    assert {"kitchen", "tokyo", "ninety", "percent", "pizza"} <= words


def test_user_agents_of_the_documents() -> None:
    for agent in (
        "MyCompanyName/MyProductName/1.0.1 (KindOfOS 0.9;CustomHardwareInfo;k1=v1;k2=v2)",
        "MyOrganizationName/MyAppName/2.1.2-release (Android 7.0;SettopBox;target=KR;other=sample)",
        "AbbreviationOfCompanyName/MyClient/0.8.2+build (Linux 7.0;Raspberry_pi;domain=S%40Clova)",
        "MCN/SampleClient/1.7.0 (SampleIoTOS 2.1;SmartHub)",
    ):
        assert USER_AGENT.fullmatch(agent), agent
    for agent in ("curl/8.1", "A/B/1.0 (C;D)", "A/B/1.0.0 (C)", ""):
        assert not USER_AGENT.fullmatch(agent), agent


def test_keys_and_tokens_outlive_a_restart(tmp_path: Path) -> None:
    first = ensure_certificates(tmp_path, ["127.0.0.1"])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert ensure_certificates(tmp_path, ["127.0.0.1"]) == first
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert load_tokens(tmp_path) == load_tokens(tmp_path)
    for name in ("ca.key", "server.key", "tokens.json"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    authority = x509.load_pem_x509_certificate(first.authority.read_bytes())
    certificate = x509.load_pem_x509_certificate(first.certificate.read_bytes())
    certificate.verify_directly_issued_by(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert "127.0.0.1" in {str(name) for name in names.get_values_for_type(x509.IPAddress)}


def test_certificate_is_renewed_when_it_ends_or_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cic_server.tls.SERVER_DAYS", 20)
    files = ensure_certificates(tmp_path, ["127.0.0.1"])
    authority, old = files.authority.read_bytes(), files.certificate.read_bytes()
    monkeypatch.undo()
    ensure_certificates(tmp_path, ["127.0.0.1"])
    renewed = files.certificate.read_bytes()
    assert renewed != old
    found = x509.load_pem_x509_certificate(renewed)
    assert (found.not_valid_after_utc - datetime.now(UTC)).days > 300
    ensure_certificates(tmp_path, ["192.0.2.1"])
    assert files.certificate.read_bytes() != renewed
    assert files.authority.read_bytes() == authority
    files.certificate.write_text("rubbish")
    ensure_certificates(tmp_path, ["127.0.0.1"])
    assert x509.load_pem_x509_certificate(files.certificate.read_bytes())


class Silent:
    """An engine that is never asked."""

    async def start(self, lang: str, *, expects_reply: bool) -> Any:
        raise AssertionError

    async def close(self) -> None:
        return

    async def synthesize(self, text: str, lang: str) -> AsyncIterator[bytes]:
        yield b""


class Call:
    """One ASGI call with a ready body."""

    def __init__(self, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        pairs = {"authorization": "Bearer access"} | headers
        self.scope = {
            "type": "http",
            "http_version": "2",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in pairs.items()],
            "client": ("127.0.0.1", 1234),
        }
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._messages.put_nowait({"type": "http.request", "body": body, "more_body": False})
        self.sent: list[dict[str, Any]] = []
        self.has_written = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        return await self._messages.get()

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        self.has_written.set()


async def test_crashing_skill_is_500_and_keeps_its_secret(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def crash(asked: Utterance) -> Answer | None:
        raise ValueError(f"secret {asked.text}")

    tokens = Tokens(
        access="access", control="control", client_id="c", client_secret="s", account="a"
    )
    service = make_service(tokens, Settings(), Silent(), lambda: "http://localhost", tmp_path)
    service.skills = (Skill(name="crash", match=crash, examples=()),)
    journal = service.journal
    app = Application(service, b"")
    down = Call("GET", "/v1/directives")
    task = asyncio.create_task(app(down.scope, down.receive, down.send))
    await down.has_written.wait()
    header = {"namespace": "TextRecognizer", "name": "Recognize", "messageId": "1"}
    event = {"header": header | {"dialogRequestId": "d"}, "payload": {"text": "open sesame"}}
    part = b'--B\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n'
    body = part + json.dumps({"event": event}).encode() + b"\r\n--B--\r\n"
    kind = "multipart/form-data; boundary=B"
    call = Call("POST", "/v1/events", body, content_type=kind)
    await app(call.scope, call.receive, call.send)
    task.cancel()
    assert call.sent[0]["status"] == 500
    assert b'"code":500' in call.sent[1]["body"]
    assert b"sesame" not in call.sent[1]["body"]
    assert "ValueError" in caplog.text
    assert "sesame" not in caplog.text
    [error, *_] = [entry for entry in journal.since(0)[0] if entry["kind"] == "error"]
    assert "open sesame" in error["detail"]
