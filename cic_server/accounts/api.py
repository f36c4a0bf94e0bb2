"""GET or POST /authorize and /token (Client_Auth_API), in the documents' words and statuses."""

from collections.abc import Callable
from dataclasses import dataclass
import re
from typing import Any
from urllib.parse import quote

from cic_server.http import Request, same_token
from cic_server.messages import RefusedError
from cic_server.multipart_out import sleep_if
from cic_server.responses import ResponseResetError
from cic_server.service import Service

from .ledger import Account, Issued, Login

# Characters of any parameter; the documents bound tokens at 2,048 bytes.
MAX_PARAMETER = 2_048
# Characters of one in the log, which keeps thousands of them.
MAX_LOGGED = 200
# A service account of Japan signs in with an authorization code in place of a token.
ACCOUNT_CODE_GRANT = "uauth_auth_code_v2"
CONSENT_PATH = "/consent"
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a request is answered."""

    status: int
    # None: the documents have no body for this status.
    content: dict[str, Any] | None = None


class StatusError(Exception):
    """A status without a body."""

    def __init__(self, status: int) -> None:
        """Keep the status."""
        super().__init__(status)
        self.status = status


type Parameters = dict[str, str]
type Ask = Callable[[Service, Request, Parameters], Answered]


async def answer_authorize(service: Service, request: Request) -> None:
    """Answer a request for an authorization code."""
    await _answer(service, request, "authorize", _authorize)


async def answer_token(service: Service, request: Request) -> None:
    """Answer a request to issue, renew or delete a token."""
    await _answer(service, request, "token", _token)


async def _answer(service: Service, request: Request, kind: str, ask: Ask) -> None:
    """Answer once what was issued is on disk; the log has no secret."""
    parameters: Parameters = {}
    try:
        parameters = await _parameters(request)
        planned = service.take_planned(kind, only=True)
        if planned is not None:
            await sleep_if(planned.delay)
            answered = Answered(status=planned.status)
        else:
            answered = ask(service, request, parameters)
            await service.safe.save()
    except StatusError as refusal:
        planned, answered = None, Answered(status=refusal.status)
    except OSError:
        planned, answered = None, Answered(status=500)
    service.journal.add(
        kind,
        status=answered.status,
        client=_short(parameters.get("device_id")),
        grant_type=_short(parameters.get("grant_type")),
        guest=parameters.get("request_vu") == "Y",
        model=_short(parameters.get("model_id")),
    )
    if planned is not None and planned.reset:
        await request.start(planned.status)
        await request.write(b"{")
        raise ResponseResetError
    if planned is not None and planned.parts:
        await request.answer(planned.status, body=planned.parts[0].body)
    elif answered.content is None:
        await request.answer(answered.status)
    else:
        await request.answer_json(answered.content, answered.status)


def _short(text: str | None) -> str | None:
    return text and text[:MAX_LOGGED]


async def _parameters(request: Request) -> Parameters:
    """Return the query's and the form's parameters; raises StatusError (400)."""
    given = dict(request.query)
    if request.method == "POST":
        try:
            form = await request.read_form()
        except RefusedError as err:
            raise StatusError(400) from err
        if form.keys() & given.keys():
            raise StatusError(400)
        given |= form
    if any(len(values) != 1 or len(values[0]) > MAX_PARAMETER for values in given.values()):
        raise StatusError(400)  # RFC 6749, 3.1: none more than once
    return {name: values[0] for name, values in given.items()}


def _required(parameters: Parameters, *names: str) -> list[str]:
    values = [parameters.get(name, "") for name in names]
    if not all(values):
        raise StatusError(400)
    return values


def _authorize(service: Service, request: Request, parameters: Parameters) -> Answered:
    needed = ("client_id", "response_type", "state", "device_id", "model_id")
    client_id, kind, state, *_ = _required(parameters, *needed)
    if client_id != service.tokens.client_id or kind != "code":
        raise StatusError(400)
    if parameters.get("grant_type", ACCOUNT_CODE_GRANT) != ACCOUNT_CODE_GRANT:
        raise StatusError(400)
    account = _account(service, request, parameters)
    code = service.ledger.issue_code(client_id, account, state)
    answer = {"code": code, "state": state}
    if account is None or account.consent:
        return Answered(status=200, content=answer)
    page = f"{_base(request)}{CONSENT_PATH}?code={quote(code)}"
    return Answered(status=451, content=answer | {"redirect_uri": page})


def _account(service: Service, request: Request, parameters: Parameters) -> Account | None:
    """Return who signs in; None: a guest."""
    match parameters.get("request_vu", "N"):
        case "Y" if request.bearer is None:
            return None
        case "N":
            account = service.ledger.account_of(request.bearer or "")
        case _:
            raise StatusError(400)
    if account is None:
        raise StatusError(403)
    if account.closed:
        raise StatusError(423)
    return account


def _base(request: Request) -> str:
    """Return the address under which this client reached the service: a browser beside it can, too."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise StatusError(400)
    return f"https://{host}"


def _token(service: Service, _request: Request, parameters: Parameters) -> Answered:
    match parameters.get("grant_type"):
        case "authorization_code":
            return _exchange(service, parameters)
        case "refresh_token":
            return _refresh(service, parameters)
        case "delete":
            return _delete(service, parameters)
        case _:
            raise StatusError(400)


def _check_client(service: Service, parameters: Parameters, status: int) -> None:
    client_id, client_secret = _required(parameters, "client_id", "client_secret")
    tokens = service.tokens
    if client_id != tokens.client_id or not same_token(client_secret, tokens.client_secret):
        raise StatusError(status)


def _exchange(service: Service, parameters: Parameters) -> Answered:
    _check_client(service, parameters, 400)
    text, device_id, model_id = _required(parameters, "code", "device_id", "model_id")
    ledger = service.ledger
    code = ledger.code(text)
    if code is None or not (ledger.stands(code.account) and ledger.consents(code.account)):
        raise StatusError(400)
    return _issued(ledger.exchange(code, device_id, model_id, service.settings.token_seconds))


def _refresh(service: Service, parameters: Parameters) -> Answered:
    _check_client(service, parameters, 400)
    refresh_token, model_id = _required(parameters, "refresh_token", "model_id")
    login = service.ledger.of_refresh(refresh_token)
    if login is None or parameters.get("device_id", login.device_id) != login.device_id:
        raise StatusError(400)
    if not service.ledger.consents(login.account):
        raise StatusError(451)  # not documented here: terms that were changed since
    login.model_id = model_id
    settings = service.settings
    at_once = settings.rotates_at_once
    return _issued(service.ledger.refresh(login, settings.token_seconds, at_once=at_once))


def _issued(issued: Issued) -> Answered:
    content = {
        "access_token": issued.access_token,
        "expires_in": _seconds(issued.lifetime),
        "refresh_token": issued.refresh_token,
        "token_type": "Bearer",
    }
    return Answered(status=200, content=content)


def _delete(service: Service, parameters: Parameters) -> Answered:
    _check_client(service, parameters, 401)
    access_token, device_id, model_id = _required(
        parameters, "access_token", "device_id", "model_id"
    )
    found = service.ledger.of_access(access_token)
    if found is None:
        raise StatusError(400)
    login, pair = found
    if not _is_of(login, device_id, model_id):
        raise StatusError(401)
    service.ledger.delete(login)
    content = {
        "access_token": access_token,
        "client_id": login.client_id,
        "expires_in": _seconds(pair.lifetime),
    }
    return Answered(status=200, content=content)


def _is_of(login: Login, device_id: str, model_id: str) -> bool:
    return (login.device_id, login.model_id) == (device_id, model_id)


def _seconds(lifetime: float) -> float:
    """Return a lifetime as the documents print it: whole where it is."""
    return int(lifetime) if lifetime.is_integer() else lifetime
