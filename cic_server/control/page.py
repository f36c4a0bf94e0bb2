"""The control page: one file without anything from elsewhere, and the tables it is made from."""

import base64
from datetime import timedelta
import hashlib
from pathlib import Path
import re
from typing import Any
from uuid import uuid4

from cic_server.alerts.book import scheduled
from cic_server.dialogs import DEFAULT_CLIENT
from cic_server.field_tables import TABLES
from cic_server.http import Request
from cic_server.music.catalogue import TRACKS
from cic_server.service import Service

from .common import Handlers

_PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


def _source(tag: str) -> str:
    """Return the page's own script or style as a policy names it (CSP 3, 2.3.1)."""
    found = re.search(rf"<{tag}>(.*?)</{tag}>", _PAGE, re.DOTALL)
    assert found is not None
    digest = hashlib.sha256(found[1].encode()).digest()
    return f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'"


_POLICY = "; ".join(
    (
        "default-src 'none'",
        _source("script"),
        _source("style"),
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]


async def send_page(request: Request) -> None:
    """Answer with the page: it holds no secret, so that no token is asked for."""
    await request.answer(200, _HEADERS, _PAGE.encode())


async def _directives(service: Service, request: Request) -> Any:
    """Return every directive's table, with examples that a client can act on now."""
    client = request.query.get("client", [DEFAULT_CLIENT])[0]
    addresses = service.player_of(client).addresses

    def fill(text: str) -> str:
        kind, _, value = text.partition(":")
        match kind:
            case "in":
                return scheduled(service.now() + timedelta(seconds=int(value)))
            case "said":
                return addresses.said(value, "en")
            case "tune":
                return addresses.of(TRACKS[value])
            case "new":
                return f"{value}-{uuid4().hex[:8]}"
            case _:
                return text

    return {"directives": [table.as_json(fill) for table in TABLES]}


PAGE: Handlers = {("GET", "/control/directives"): _directives}
