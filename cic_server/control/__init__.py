"""The control interface: what the service saw, and levers for tests. Loopback and its own token only."""

from cic_server.http import Request, same_token
from cic_server.messages import RefusedError
from cic_server.service import Service

from .accounts import ACCOUNTS
from .alerts import ALERTS
from .clova import CLOVA
from .music import MUSIC
from .page import PAGE, send_page
from .push import PUSH
from .watch import WATCH


async def handle_control(service: Service, request: Request) -> None:
    """Answer a request below /control/; raises RefusedError."""
    if not request.is_from_this_machine:
        raise RefusedError(403, "The control interface serves this machine only")
    if (request.method, request.path) == ("GET", "/control/"):
        await send_page(request)
        return
    if not same_token(request.bearer, service.tokens.control):
        raise RefusedError(401, "The control token is missing or wrong")
    handler = _HANDLERS.get((request.method, request.path))
    if handler is None:
        raise RefusedError(404, "No such control request")
    await request.answer_json(await handler(service, request))


_HANDLERS = WATCH | ACCOUNTS | PUSH | MUSIC | ALERTS | CLOVA | PAGE
