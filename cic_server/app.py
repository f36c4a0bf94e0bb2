"""The ASGI application: who may ask, and who answers."""

import logging
import traceback
from typing import Any

from .accounts.api import CONSENT_PATH, answer_authorize, answer_token
from .accounts.consent import answer_consent
from .control import handle_control
from .dialogs import DEFAULT_CLIENT
from .events import EventRequest
from .http import Request, Send, same_token
from .messages import Directive, RefusedError
from .multipart_in import Receive
from .responses import ResponseResetError
from .service import Service
from .user_agent import USER_AGENT

_LOGGER = logging.getLogger(__name__)

HTTP2 = ("2", "2.0")
_PEM_HEADERS = [(b"content-type", b"application/pem-certificate-chain")]
# Between the access token and a client's own name: several clients can share one service.
CLIENT_SEPARATOR = "."
# Between a client's name and its tags: several devices can share one access token.
TAGS_SEPARATOR = "/"


class Application:
    """Routes requests; turns every refusal into a System.Exception."""

    def __init__(self, service: Service, authority: bytes) -> None:
        """Serve with these engines and this memory; `authority`: the certificate to trust, as PEM."""
        self._service = service
        self._authority = authority

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Handle one ASGI scope."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._answer(Request(scope, receive, send))

    async def _answer(self, request: Request) -> None:
        try:
            await self._route(request)
        except RefusedError as err:
            self._service.journal.add(
                "error",
                status=err.status,
                path=request.path,
                detail=err.description,
                connection=request.connection,
            )
            if not request.started:
                await request.refuse(err)
        except ResponseResetError:
            raise
        except Exception as err:  # noqa: BLE001 - one request must not end the service
            _LOGGER.error("%s %s failed: %s", request.method, request.path, type(err).__name__)
            self._service.journal.add("error", status=500, detail=traceback.format_exc())
            if request.started:
                raise ResponseResetError from None
            await request.refuse(RefusedError(500, "Internal error"))

    async def _route(self, request: Request) -> None:
        if request.path.startswith("/control/"):
            await handle_control(self._service, request)
            return
        if (answer := _OPEN.get((request.method, request.path))) is not None:
            await answer(self._service, request)
            return
        if (request.method, request.path) == ("GET", "/ca.pem"):
            # no secret: it is what every connection shows, and whoever takes it compares it
            await request.answer(200, _PEM_HEADERS, self._authority)
            return
        if request.path.startswith("/v1/") and request.version not in HTTP2:
            raise RefusedError(505, "CIC is spoken over HTTP/2 only")
        client = self._client_of(request)
        match request.method, request.path:
            case "GET", "/v1/directives":
                await self._service.channels.serve(request, client, self._greetings())
            case "POST", "/v1/events":
                await EventRequest(self._service, request, client).handle()
            case "GET", "/ping":
                await request.answer(204)
            case _, "/v1/directives" | "/v1/events" | "/ping":
                raise RefusedError(400, "Wrong method")
            case _:
                raise RefusedError(404, "No such resource")

    def _client_of(self, request: Request) -> str:
        """Return who asks; raises RefusedError (401)."""
        name, is_guest = self._name_of(request.bearer or "")
        agent = request.headers.get("user-agent", "")
        if not USER_AGENT.fullmatch(agent):
            _LOGGER.info("User-Agent is not of CIC's form: %.200s", agent)
        tags = request.headers.get("x-clova-device-tags")
        if tags and self._service.settings.device_tags:
            name = f"{name}{TAGS_SEPARATOR}{tags}"
        self._service.remote_of(name).is_guest = is_guest
        return name

    def _name_of(self, access_token: str) -> tuple[str, bool]:
        """Return whose token this is, and whether a guest's; raises RefusedError (401)."""
        token, _, name = access_token.partition(CLIENT_SEPARATOR)
        if same_token(token, self._service.tokens.access):
            return name or DEFAULT_CLIENT, False
        login = self._service.signed_in(access_token)
        if login is None:
            raise RefusedError(401, "The access token is missing, wrong or expired")
        return login.device_id, login.account is None

    def _greetings(self) -> list[Directive]:
        greetings = [Directive(namespace="Clova", name="Hello")]
        if self._service.settings.expect_report_state:
            greetings.append(Directive(namespace="DeviceControl", name="ExpectReportState"))
        return greetings


# What needs no access token.
_OPEN = {
    ("GET", "/authorize"): answer_authorize,
    ("POST", "/authorize"): answer_authorize,
    ("GET", "/token"): answer_token,
    ("POST", "/token"): answer_token,
    ("GET", CONSENT_PATH): answer_consent,
    ("POST", CONSENT_PATH): answer_consent,
}


async def _live(receive: Receive, send: Send) -> None:
    """Follow the kept server's start and stop; the service has its own (serve.py)."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
