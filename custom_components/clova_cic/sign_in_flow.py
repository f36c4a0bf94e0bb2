"""The steps that sign in: an account's token becomes tokens that can be renewed (Client_Auth_API)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
import logging
from typing import Any, Final, override
from uuid import uuid4

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_ADDRESS, CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_MODEL_ID
from homeassistant.core import callback
from homeassistant.data_entry_flow import UnknownFlow
from homeassistant.helpers.network import NoURLAvailableError
import probatio as vol

from .authorization import async_authenticator
from .cic import CicError
from .cic.auth import Authenticator, Tokens
from .cic.errors import AccountClosedError, AccountRefusedError, CertificateError, GrantRefusedError
from .consent import async_expect, async_forget
from .const import CONF_AUTH_ADDRESS, CONF_CA_CERTIFICATE, CONF_DEVICE_UUID, CONF_LOGIN, DOMAIN
from .coordinator import CicConfigEntry
from .failures import failure_key
from .flow_base import CicFlow, kept
from .forms import (
    CREDENTIAL,
    GRANT,
    Grant,
    change_sign_in_schema,
    sign_in_again_schema,
    sign_in_schema,
)
from .settings import check_form, form_values, sign_in_data
from .tls import InvalidCaError
from .tokens import PastedToken, async_access, async_keeper

_LOGGER = logging.getLogger(__name__)

# Tokens are of one client: with these changed, those there are count no longer.
_CLIENT: Final = (CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_MODEL_ID)
# What a page of consent tells of a user who did not agree; everything else is a failure.
_DECLINED: Final = ("terms_not_agreed", "user-disagreement", "user_disagreement")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A form that was sent, and what is to come of it; without an entry: a new one."""

    step_id: str
    user_input: Mapping[str, Any] = field(repr=False)
    data: dict[str, Any] = field(repr=False)
    entry: CicConfigEntry | None = None

    @property
    def grant(self) -> Grant:
        return Grant(self.user_input[GRANT])

    @property
    def credential(self) -> str:
        return str(self.user_input.get(CREDENTIAL, "")).strip()

    @property
    def sign_in(self) -> tuple[object, ...]:
        """What tokens depend on: the same once more needs no others."""
        keys = (CONF_AUTH_ADDRESS, CONF_LOGIN, *_CLIENT)
        return (self.grant, self.credential, *(self.data[key] for key in keys))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page of consent that is open, and what waits for it."""

    asked: _Asked
    authenticator: Authenticator
    code: str = field(repr=False)
    address: str = field(repr=False)
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """Tokens that no entry has yet, and what they were asked with."""

    sign_in: tuple[object, ...] = field(repr=False)
    authenticator: Authenticator
    tokens: Tokens


class SignInSteps(CicFlow):
    """Sign in, sign in again, change what a sign-in depends on; with a page of consent between."""

    def __init__(self) -> None:
        """Begin with no tokens."""
        super().__init__()
        self._login = str(uuid4())
        self._page: _Page | None = None
        self._held: _Held | None = None
        self._over = False

    async def async_step_sign_in(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add an account with its first device, under whose UUID it is signed in to."""
        if user_input is None:
            return self._form("sign_in", self._found)
        data = sign_in_data(user_input, self._login) | {CONF_DEVICE_UUID: self._login}
        return await self._sign_in(_Asked(step_id="sign_in", user_input=user_input, data=data))

    async def async_step_sign_in_again(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Sign in once more: the service takes no token of this sign-in any longer."""
        if user_input is None:
            return self._form("sign_in_again", {})
        entry = self._get_reauth_entry()
        secret = user_input.get(CONF_CLIENT_SECRET, "").strip()
        data = dict(entry.data) | ({CONF_CLIENT_SECRET: secret} if secret else {})
        return await self._sign_in(
            _Asked(step_id="sign_in_again", user_input=user_input, data=data, entry=entry)
        )

    async def async_step_change_sign_in(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the settings of a signed-in entry; it signs in again only where it is told to."""
        entry = self._get_reconfigure_entry()
        if user_input is None:
            return self._form("change_sign_in", form_values(entry.data))
        before = entry.data
        data = sign_in_data(user_input, before[CONF_LOGIN], before[CONF_CLIENT_SECRET])
        return await self._sign_in(
            _Asked(
                step_id="change_sign_in",
                user_input=user_input,
                data=data | kept(before),
                entry=entry,
            )
        )

    async def async_step_consent(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Wait for the page of consent, which leads back with a code or an error."""
        page = self._page
        assert page is not None  # this step is shown by the page alone
        if user_input is None:
            return self.async_external_step(step_id="consent", url=page.address)
        code = user_input.get("code") or page.code
        self._page = replace(page, code=code, error=user_input.get("error"))
        return self.async_external_step_done(next_step_id="consented")

    async def async_step_consented(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go on where the page of consent interrupted."""
        page, self._page = self._page, None
        if page is None:  # another window of the user's is doing it already
            raise UnknownFlow
        if page.error is not None:
            key = "consent_declined" if page.error in _DECLINED else "consent_failed"
            return self._form_again(page.asked, {"base": key})
        return await self._exchange(page.asked, page.authenticator, page.code)

    @callback
    @override
    def async_remove(self) -> None:
        """Give back what nobody will use."""
        self._over = True
        async_forget(self.hass, self.flow_id)
        if self._held is not None:
            self.hass.async_create_task(self._give_back(), f"{DOMAIN} gives tokens back")

    # From a form to an entry

    async def _sign_in(self, asked: _Asked) -> ConfigFlowResult:
        """Come by tokens as a form asks for it, and store what it says if they are good."""
        if errors := check_form(asked.data) or _check_grant(asked):
            return self._form_again(asked, errors)
        if asked.grant is Grant.KEEP:
            return await self._keep(asked)
        if self._held is not None and self._held.sign_in == asked.sign_in:
            return await self._finish(asked, self._held)
        await self._give_back()
        try:
            authenticator = await async_authenticator(self.hass, asked.data)
            if asked.grant is Grant.CODE:
                return await self._exchange(asked, authenticator, asked.credential)
            authorization = await authenticator.authorize(
                asked.credential or None,
                account_code=asked.grant is Grant.ACCOUNT_CODE,
                consent_return=async_expect(self.hass, self.flow_id),
            )
        except NoURLAvailableError:
            return self._form_again(asked, {"base": "no_url"})
        except InvalidCaError:
            return self._form_again(asked, {CONF_CA_CERTIFICATE: "invalid_ca"})
        except CicError as err:
            return self._form_again(asked, _errors(err, CONF_CLIENT_ID))
        if authorization.consent is not None:
            self._page = _Page(
                asked=asked,
                authenticator=authenticator,
                code=authorization.code,
                address=authorization.consent,
            )
            return await self.async_step_consent()
        async_forget(self.hass, self.flow_id)
        return await self._exchange(asked, authenticator, authorization.code)

    async def _exchange(
        self, asked: _Asked, authenticator: Authenticator, code: str
    ) -> ConfigFlowResult:
        try:
            tokens = await authenticator.exchange(code)
        except CicError as err:
            field = CREDENTIAL if asked.grant is Grant.CODE else CONF_CLIENT_SECRET
            return self._form_again(asked, _errors(err, field))
        self._held = _Held(sign_in=asked.sign_in, authenticator=authenticator, tokens=tokens)
        return await self._finish(asked, self._held)

    async def _finish(self, asked: _Asked, held: _Held) -> ConfigFlowResult:
        """Store tokens with which a connection could be made, then what is made of them."""
        access = PastedToken(held.tokens.access_token)
        errors = await self._check(asked.data, access, asked.entry, new_token=True)
        if self._over:  # the user has left meanwhile
            await self._give_back()
            raise UnknownFlow
        if errors:
            return self._form_again(asked, errors)
        await async_keeper(self.hass, asked.data).async_store(held.tokens)
        self._held = None
        if asked.entry is None:
            return await self._create(asked.data, asked.user_input)
        return self._store(asked.entry, asked.data)

    async def _keep(self, asked: _Asked) -> ConfigFlowResult:
        """Store settings that go with the tokens there are."""
        assert asked.entry is not None  # the form of a new one does not offer it
        access = await async_access(self.hass, asked.entry.data)
        if errors := await self._check(asked.data, access, asked.entry):
            return self._form_again(asked, errors)
        return self._store(asked.entry, asked.data)

    async def _give_back(self) -> None:
        """Delete tokens that were got for nothing; that they end by themselves is no error."""
        held, self._held = self._held, None
        if held is not None:
            try:
                await held.authenticator.delete(held.tokens.access_token)
            except CicError as err:
                _LOGGER.debug("Tokens could not be given back: %s", type(err).__name__)

    # Forms

    def _form(self, step_id: str, values: Mapping[str, Any]) -> ConfigFlowResult:
        schema = self.add_suggested_values_to_schema(self._schema(step_id), values)
        return self.async_show_form(step_id=step_id, data_schema=schema)

    def _form_again(self, asked: _Asked, errors: dict[str, str]) -> ConfigFlowResult:
        """Show a form as it was sent, with errors beside its fields."""
        async_forget(self.hass, self.flow_id)
        schema = self._schema(asked.step_id)
        fields = {str(marker) for marker in schema.schema}
        return self.async_show_form(
            step_id=asked.step_id,
            data_schema=self.add_suggested_values_to_schema(schema, asked.user_input),
            errors={key if key in fields else "base": error for key, error in errors.items()},
        )

    def _schema(self, step_id: str) -> vol.Schema:
        match step_id:
            case "sign_in":
                return sign_in_schema(self._language)
            case "change_sign_in":
                return change_sign_in_schema(self._language)
            case _:
                return sign_in_again_schema()


def _check_grant(asked: _Asked) -> dict[str, str]:
    """Return what is missing to sign in as a form asks for it."""
    if asked.grant.takes_credential and not asked.credential:
        return {CREDENTIAL: "missing"}
    entry, data = asked.entry, asked.data
    if asked.grant is not Grant.KEEP or entry is None:
        return {}
    # with the server its own place to sign in moves; any other place has issued no token
    moved = entry.data[CONF_AUTH_ADDRESS] != data[CONF_AUTH_ADDRESS] and (
        entry.data[CONF_AUTH_ADDRESS] != entry.data[CONF_ADDRESS]
        or data[CONF_AUTH_ADDRESS] != data[CONF_ADDRESS]
    )
    if moved or any(data[key] != entry.data[key] for key in _CLIENT):
        return {GRANT: "sign_in_again"}
    return {}


def _errors(error: CicError, refused: str) -> dict[str, str]:
    """Return an error of signing in beside the field it comes from; refused: where it was that."""
    key = failure_key(error)
    match error:
        case AccountRefusedError() | AccountClosedError():
            return {CREDENTIAL: key}
        case GrantRefusedError():
            return {refused: key}
        case CertificateError():
            return {"base": key}
        case _:
            return {CONF_AUTH_ADDRESS: key}
