"""Accounts and tokens at the will of a test: who has agreed, who has left, what ends early."""

from typing import Any

from cic_server.http import Request
from cic_server.messages import RefusedError
from cic_server.service import Service

from .common import Handlers, client_in, flag_in, text_in

SWITCHES = ("consent", "closed", "refused")
# Which of a login's tokens `revoke` ends.
KINDS = {
    "access": {"access": True},
    "refresh": {"refresh": True},
    "all": {"access": True, "refresh": True},
}


async def _accounts(service: Service, request: Request) -> Any:
    """Return accounts and logins, without a secret of theirs."""
    ledger = service.ledger
    accounts = [
        {"account": account.digest[:8], **{name: getattr(account, name) for name in SWITCHES}}
        for account in ledger.accounts.values()
    ]
    logins = [
        {
            "client": login.device_id,
            "model": login.model_id,
            "account": login.account and login.account[:8],
            "pairs": [
                {
                    "access": pair.access is not None,
                    "refresh": pair.refresh is not None,
                    "expires": pair.expires,
                }
                for pair in login.pairs
            ],
        }
        for login in ledger.logins
    ]
    return {"accounts": accounts, "logins": logins}


async def _change(service: Service, request: Request) -> Any:
    body = await request.read_json()
    token = text_in(body, "account_token")
    if not token:
        raise RefusedError(400, "account_token names an account")
    changes = {name: flag_in(body, name) for name in SWITCHES if name in body}
    try:
        service.ledger.change_account(token, **changes)
    except OverflowError as err:
        raise RefusedError(400, str(err)) from err
    await service.safe.close()
    return await _accounts(service, request)


async def _end(service: Service, request: Request) -> Any:
    body = await request.read_json()
    client, kind = client_in(body), text_in(body, "revoke")
    if kind is not None and kind not in KINDS:
        raise RefusedError(400, f"revoke is one of {', '.join(KINDS)}")
    expires = flag_in(body, "expire")
    logins = service.ledger.of_device(client)
    for login in logins:
        if expires:
            service.ledger.expire(login)
        if kind is not None:
            service.ledger.revoke(login, **KINDS[kind])
    await service.safe.close()
    return {"logins": len(logins)}


ACCOUNTS: Handlers = {
    ("GET", "/control/accounts"): _accounts,
    ("POST", "/control/accounts"): _change,
    ("POST", "/control/tokens"): _end,
}
