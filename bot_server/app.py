"""The HTTP application: what is logged, what fails on demand, who answers."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
import logging
from typing import Final

from aiohttp import web

from .control import CONTROL, admit_control
from .errors import SERVICE_ERROR, RefusedError
from .faults import Fault, Kind
from .files import PREFIX
from .receiving import download
from .settings import MAX_REQUEST
from .site import Site
from .v1 import V1
from .v3 import V3

_LOGGER = logging.getLogger(__name__)

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_ATTACHMENT: Final = f"{PREFIX}{{conversation}}/{{number}}/{{name}}"
ROUTES: Final = (*V1, *V3, ("GET", _ATTACHMENT, "attachment", download), *CONTROL)


def make_app(site: Site) -> web.Application:
    """Return the application of a site."""

    @web.middleware
    async def front(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/control/"):
            return await _controlled(site, request, handler)
        return await _logged(site, request, handler)

    app = web.Application(client_max_size=MAX_REQUEST, middlewares=[front])
    for method, path, name, handler in ROUTES:
        app.router.add_route(method, path, partial(handler, site), name=name)

    async def close(_: web.Application) -> None:
        await site.close()

    app.on_shutdown.append(close)
    return app


def _operation(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return (resource.name or "") if resource is not None else ""


async def _controlled(site: Site, request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        admit_control(site, request)
        return await handler(request)
    except RefusedError as err:
        return web.json_response(err.as_body(), status=err.status)


async def _logged(site: Site, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request of a client; what it was and got is in the log."""
    operation = _operation(request)
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return _refused(site, RefusedError(500, SERVICE_ERROR, ""))
    seq = site.journal.add(
        "request",
        operation=operation,
        method=request.method,
        path=request.raw_path,
        headers=[[name.decode(), value.decode()] for name, value in request.raw_headers],
        body=body,
    )
    if site.settings.delay:
        await asyncio.sleep(site.settings.delay)
    fault = site.faults.take(operation, site.settings.cut_share)
    answer = await _faulty(site, request, handler, fault)
    fault_name = fault.kind.value if fault is not None else None
    site.journal.add("answer", request=seq, status=answer.status, fault=fault_name)
    return answer


async def _faulty(
    site: Site, request: web.Request, handler: Handler, fault: Fault | None
) -> web.StreamResponse:
    """Answer a request, with what goes wrong at it."""
    match fault:
        case Fault(kind=Kind.DROP):
            return _cut(request)
        case Fault(kind=Kind.ANSWER):
            return _instead(fault)
        case Fault(kind=Kind.DELAY):
            await asyncio.sleep(fault.seconds)
    answer = await _answered(site, request, handler)
    match fault:
        case Fault(kind=Kind.LOSE):
            return _cut(request)
        case Fault(kind=Kind.CUT) if isinstance(answer, web.Response):
            return await _half(request, answer)
        case Fault(kind=Kind.REPLACE):
            return _instead(fault)
    return answer


async def _answered(site: Site, request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except RefusedError as err:
        return _refused(site, err)
    except web.HTTPException as err:
        what = "Resource not found" if err.status == 404 else err.reason
        return _refused(site, RefusedError(err.status, None, what))
    except Exception as err:  # noqa: BLE001 - one request must not end the service
        _LOGGER.error("%s failed: %s", _operation(request), type(err).__name__)
        return _refused(site, RefusedError(500, SERVICE_ERROR, "Internal error"))


def _refused(site: Site, err: RefusedError) -> web.Response:
    if site.settings.html_errors:
        return web.Response(status=err.status, text=err.as_page(), content_type="text/html")
    if site.settings.flat_errors and err.code is not None:
        err = RefusedError(err.status, err.code, err.message, flat=True)
    return web.json_response(err.as_body(), status=err.status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _instead(fault: Fault) -> web.Response:
    headers = {"Content-Type": "application/json"} | dict(fault.headers)
    return web.Response(status=fault.status, body=fault.body, headers=headers)


async def _half(request: web.Request, answer: web.Response) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else b""
    half = web.StreamResponse(status=answer.status, headers=answer.headers)
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half
