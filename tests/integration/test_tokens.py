"""A login lasts: its tokens are renewed in time, once, kept before they are used, and given back."""

import asyncio
from contextlib import suppress
from typing import Any

from homeassistant.components import conversation
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import Context, CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.clova_cic import coordinator as coordinator_module, credentials
from custom_components.clova_cic.cic.auth import Tokens
from custom_components.clova_cic.cic.errors import (
    AuthorizationServerError,
    CertificateError,
    CicError,
    GrantRefusedError,
    UnauthorizedError,
)
from custom_components.clova_cic.connection_log import Link
from custom_components.clova_cic.const import CONF_DEVICE_UUID, CONF_SHARES_LOGIN, DOMAIN
from custom_components.clova_cic.coordinator import CicCoordinator
from custom_components.clova_cic.diagnostics import async_get_config_entry_diagnostics
from custom_components.clova_cic.failures import NotConnectedError
from custom_components.clova_cic.issued import SHORTEST_LIFE, Issued, TokenStore
from custom_components.clova_cic.tokens import (
    JUST_ISSUED,
    LONGEST_LEAD,
    LOOK_INTERVAL,
    PastedToken,
    TokenKeeper,
    async_access,
)
from tests.peer.frames import frame_server

from .conftest import Entries, PassTime, SetUp, data_for_peer
from .house import engine, make_pipeline, speak
from .login import issue, keeper_of, login_data, refreshes, revoke, sign_in
from .player import Speaker
from .service import CicService, greeted, until
from .speech import microphone
from .test_reports import Note, numbers
from .test_seam import say
from .wall import Wall

# The documents' first example, which is the server's default.
LIFE = 332_000.0


def reauths(hass: HomeAssistant) -> int:
    """Return how often the user is asked to sign in now."""
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return sum(flow["context"]["source"] == SOURCE_REAUTH for flow in flows)


async def type_in(hass: HomeAssistant, coordinator: CicCoordinator, text: str) -> str:
    """Have our agent answer something typed."""
    agent = engine(hass, "conversation", coordinator.config_entry.entry_id)
    result = await conversation.async_converse(hass, text, None, Context(), agent_id=agent)
    answer = result.response.speech["plain"]["speech"]
    assert result.response.response_type.value != "error", answer
    return answer


async def note(coordinator: CicCoordinator, number: int) -> None:
    await coordinator.reports.send(Note(number=number))


@pytest.fixture
async def signed_in(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> CicCoordinator:
    """Set up an entry that has signed in, and that has nothing to tell just now."""
    coordinator = await set_up(cic, **await sign_in(hass, cic))
    await greeted(coordinator)
    return coordinator


# Renewal


async def test_renewed_before_it_ends(
    hass: HomeAssistant,
    cic: CicService,
    signed_in: CicCoordinator,
    wall: Wall,
    pass_time: PassTime,
    hass_storage: dict[str, Any],
) -> None:
    """On disk before it is used, and the running connection shows it from then on."""
    keeper = keeper_of(hass, cic)
    first, client = keeper.token, signed_in.client
    kept: list[bool] = []

    def changed() -> None:
        stored = hass_storage[f"clova_cic.tokens.{cic.client}"]["data"]
        kept.append(stored["access_token"] == keeper.token)

    end = keeper.async_add_listener(changed)
    wall.set(LIFE - 0.7 * LONGEST_LEAD)
    pass_time(LOOK_INTERVAL + 1)
    await until(lambda: keeper.token != first)
    end()
    assert kept == [True]
    assert await refresh_tokens(cic) == [True, True]
    await note(signed_in, 1)
    assert await refresh_tokens(cic) == [False, True]
    assert await refreshes(cic) == [200]
    assert signed_in.client is client
    assert reauths(hass) == 0


async def refresh_tokens(cic: CicService) -> list[bool]:
    """Return which refresh tokens are good, the oldest first: a new access token's first use ends those before."""
    told = await cic.control("GET", "accounts")
    (login,) = (one for one in told["logins"] if one["client"] == cic.client)
    return [one["refresh"] for one in login["pairs"]]


async def test_not_renewed_long_before(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator, wall: Wall, pass_time: PassTime
) -> None:
    wall.set(LIFE - 2 * LONGEST_LEAD)
    pass_time(LOOK_INTERVAL + 1)
    await note(signed_in, 1)
    assert not await refreshes(cic)


async def test_nothing_is_renewed_as_home_assistant_stops(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator, wall: Wall, pass_time: PassTime
) -> None:
    keeper = keeper_of(hass, cic)
    hass.set_state(CoreState.stopping)
    wall.set(LIFE)
    pass_time(LOOK_INTERVAL + 1)
    await until(lambda: keeper._timer is None)
    assert keeper._renewing is None
    hass.set_state(CoreState.running)


async def test_a_machine_that_has_slept_renews_first(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator, wall: Wall
) -> None:
    """The loop's clock has stood still: no timer was due."""
    await revoke(cic)
    wall.set(LIFE + 1)
    await note(signed_in, 1)
    (renewal,) = [one for one in await cic.log("token") if one["grant_type"] == "refresh_token"]
    (told,) = [one for one in await cic.log("event") if one["name"] == "Note"]
    assert renewal["seq"] < told["seq"]
    assert signed_in.counters.last_error is None


async def test_an_entry_whose_token_has_expired_is_set_up(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, wall: Wall
) -> None:
    data = await sign_in(hass, cic)
    wall.set(LIFE + 1)
    await greeted(await set_up(cic, **data))
    assert await refreshes(cic) == [200]


async def test_many_meet_a_401(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator
) -> None:
    """One renewal, and each goes up once more: turns, events and texts to be spoken."""
    await revoke(cic)
    turns = [type_in(hass, signed_in, "what is two plus three") for _ in range(8)]
    texts = [say(hass, f"text {number}") for number in range(4)]
    notes = [note(signed_in, number) for number in range(8)]
    answers = await asyncio.gather(*turns, *texts, *notes)
    assert all(answers[:8])
    assert all(len(sound) > 2000 for sound in answers[8:12])
    assert sorted(await numbers(cic)) == list(range(8))
    assert await refreshes(cic) == [200]
    assert reauths(hass) == 0


async def test_a_spoken_command_meets_a_401(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator
) -> None:
    pipeline = await make_pipeline(hass)
    await revoke(cic)
    run = await speak(hass, microphone("what is two plus three"), pipeline)
    assert run.outcome == "an answer"
    assert await refreshes(cic) == [200]


async def test_what_is_to_be_announced_meets_a_401(
    hass: HomeAssistant, cic: CicService, speaker: Speaker, set_up: SetUp
) -> None:
    await set_up(cic, **await sign_in(hass, cic))
    await revoke(cic)
    data = {"text": "the washing machine is done", "media_player": speaker.entity_id}
    await hass.services.async_call(DOMAIN, "speak", data, blocking=True)
    assert await refreshes(cic) == [200]


async def test_a_connection_meets_a_401(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator
) -> None:
    """Two attempts, one after the other, and both are counted."""
    attempts = len(signed_in._reconnector._backoff._attempts)
    await revoke(cic)
    await cic.control("POST", "downchannel", {"client": cic.client, "end": True})
    await until(lambda: signed_in.counters.events["connected"] == 2)
    assert len(signed_in._reconnector._backoff._attempts) == attempts + 2
    assert await refreshes(cic) == [200]
    assert signed_in.counters.events["failed"] == 1


# What is no reason to sign in again


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 429},
        {"status": 403},
        {"status": 451},
        {"status": 200, "parts": [{"json": {"no": "token"}}]},
        {"status": 200, "reset": True},
    ],
    ids=["500", "429", "403", "451", "nonsense", "hangs up"],
)
async def test_a_renewal_that_fails_is_tried_again(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator, answer: dict[str, Any]
) -> None:
    await revoke(cic)
    await cic.control("POST", "next-answer", {"event": "token", **answer})
    with suppress(CicError):
        await note(signed_in, 1)
    consent = f"consent_needed_{signed_in.config_entry.entry_id}"
    asks = ir.async_get(hass).async_get_issue(DOMAIN, consent) is not None
    assert asks is (answer["status"] == 451)
    assert keeper_of(hass, cic).refusal is None
    await note(signed_in, 2)
    assert 2 in await numbers(cic)
    assert keeper_of(hass, cic).error is None
    assert ir.async_get(hass).async_get_issue(DOMAIN, consent) is None
    assert reauths(hass) == 0


async def test_patience(hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator) -> None:
    """However many ask, a server that has failed is left alone for a while."""
    keeper = keeper_of(hass, cic)
    keeper._backoff.uniform = lambda least, most: most
    await revoke(cic)
    for _ in range(2):
        await cic.control("POST", "next-answer", {"event": "token", "status": 503})
    token = keeper.token
    for _ in range(20):
        with pytest.raises(AuthorizationServerError):
            await keeper.async_renew(token)
    assert await refreshes(cic) == [503, 503]  # the second at once, as the Reconnector does


async def test_a_defect_in_a_renewal(
    hass: HomeAssistant,
    cic: CicService,
    signed_in: CicCoordinator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It costs no more than any other failure."""
    keeper = keeper_of(hass, cic)

    async def fail(issued: Issued) -> None:
        raise RuntimeError("defect")

    await revoke(cic)
    with monkeypatch.context() as broken:
        broken.setattr(keeper._disk, "async_save", fail)
        with pytest.raises(CicError, match="unexpected"):
            await keeper.async_renew(keeper.token)
    assert "Unexpected error in the renewal" in caplog.text
    await note(signed_in, 1)
    assert keeper.error is None


async def test_an_authority_that_cannot_be_read(hass: HomeAssistant, cic: CicService) -> None:
    keeper = TokenKeeper(hass, login_data(cic) | {"ca_certificate": "no certificate"})
    await keeper.async_store(Tokens(access_token="a", refresh_token="b", expires_in=0))
    with pytest.raises(CertificateError):
        await keeper.async_renew("a")
    assert keeper.refusal is None


async def test_a_renewal_that_takes_long(
    hass: HomeAssistant,
    cic: CicService,
    signed_in: CicCoordinator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits for ever; the renewal goes on, and serves whoever comes later."""
    monkeypatch.setattr(credentials, "TOKEN_TIMEOUT", 0.05)
    monkeypatch.setattr(coordinator_module, "RENEWAL_TIMEOUT", 0.05)
    await revoke(cic)
    await cic.control("POST", "next-answer", {"event": "token", "status": 503, "delay": 0.3})
    keeper = keeper_of(hass, cic)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await keeper.async_renew(keeper.token)
    with pytest.raises(NotConnectedError):
        await signed_in.async_client()
    await until(lambda: keeper.error is not None and keeper._renewing is None)
    await note(signed_in, 1)


async def test_403_of_cic_is_neither(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator
) -> None:
    await cic.control("POST", "next-answer", {"event": "Test.Note", "status": 403})
    with pytest.raises(Exception, match="403"):
        await note(signed_in, 1)
    assert not await refreshes(cic)
    assert reauths(hass) == 0


# Signing in again


async def test_a_refused_renewal(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator, set_up: SetUp
) -> None:
    """The user is asked once, for all devices of the login; then it goes on, without a restart."""
    shares = {CONF_SHARES_LOGIN: True, CONF_DEVICE_UUID: "another"}
    other = await set_up(cic, **login_data(cic), **shares)
    await revoke(cic, "all")
    for coordinator in (signed_in, other):
        with pytest.raises(GrantRefusedError):
            await note(coordinator, 1)
        with suppress(HomeAssistantError, AssertionError):
            await type_in(hass, coordinator, "hello")
    await hass.async_block_till_done()
    assert reauths(hass) == 1
    assert await refreshes(cic) == [400]
    await keeper_of(hass, cic).async_store(await issue(hass, cic))
    for number, coordinator in enumerate((signed_in, other)):
        await note(coordinator, 2 + number)
    assert {2, 3} <= {one["payload"]["number"] for one in await all_notes(cic)}
    assert await refreshes(cic) == [400]


async def all_notes(cic: CicService) -> list[dict[str, Any]]:
    """Return the notes of this client, and of the devices that share its login."""
    told = await cic.control("GET", "log?since=0")
    return [
        one
        for one in told["entries"]
        if one.get("name") == "Note" and str(one["client"]).startswith(cic.client)
    ]


async def test_signed_in_again_while_the_next_attempt_is_far(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator
) -> None:
    """Nobody who has just signed in waits out a pause."""
    signed_in._reconnector._backoff.uniform = lambda least, most: 3600.0
    await revoke(cic, "all")
    await cic.control("POST", "downchannel", {"client": cic.client, "end": True})
    await until(lambda: signed_in._reconnector.next_attempt_in > 60)
    assert signed_in.data is Link.DOWN
    assert reauths(hass) == 1
    await keeper_of(hass, cic).async_store(await issue(hass, cic))
    await until(lambda: signed_in.connected)


async def test_a_token_that_was_just_issued_is_refused(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator, pass_time: PassTime
) -> None:
    """No circle of renewals; and if CIC takes it after all, all is well."""
    for _ in range(2):
        await cic.control("POST", "next-answer", {"event": "Test.Note", "status": 401})
    with pytest.raises(UnauthorizedError):
        await note(signed_in, 1)
    await hass.async_block_till_done()
    assert await refreshes(cic) == [200]
    assert reauths(hass) == 1
    keeper = keeper_of(hass, cic)
    assert isinstance(keeper.refusal, UnauthorizedError)
    with pytest.raises(UnauthorizedError):
        await keeper.async_renew(keeper.token)
    await note(signed_in, 2)
    await until(lambda: keeper.refusal is None)
    assert await refreshes(cic) == [200]


async def test_a_token_that_nobody_has_used_for_a_while_is_refused(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator, pass_time: PassTime
) -> None:
    keeper = keeper_of(hass, cic)
    await revoke(cic)
    await keeper.async_renew(keeper.token)
    pass_time(JUST_ISSUED)
    await revoke(cic)
    await note(signed_in, 1)
    assert await refreshes(cic) == [200, 200]
    assert reauths(hass) == 0


async def test_a_service_that_refuses_whatever_was_issued(
    hass: HomeAssistant, home: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    """Two attempts to connect, one renewal, and one question to the user."""
    data = await sign_in(hass, cic)
    async with frame_server() as (port, peers):

        async def refuse() -> None:
            for _ in range(2):
                peer = await peers.get()
                stream_id, _ = await peer.request()
                peer.send(peer.headers(stream_id, [(":status", "401")], end=True))

        both = data_for_peer(port)["ca_certificate"] + cic.ca_certificate
        data |= {"address": f"https://127.0.0.1:{port}", "ca_certificate": both}
        refusing = asyncio.create_task(refuse())
        entry = make_entry(cic, **data)
        assert not await hass.config_entries.async_setup(entry.entry_id)
        await refusing
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert reauths(hass) == 1
    assert await refreshes(cic) == [200]


async def test_signed_in_again_while_a_token_is_renewed(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator
) -> None:
    """What comes of the renewal is of no interest any more."""
    keeper, tokens = keeper_of(hass, cic), await issue(hass, cic)
    await cic.control("POST", "next-answer", {"event": "token", "status": 400, "delay": 0.2})
    renewing = asyncio.create_task(keeper.async_renew(keeper.token))
    await asyncio.sleep(0.05)
    await keeper.async_store(tokens)
    assert await renewing == keeper.token == tokens.access_token
    assert keeper.error is None


async def test_no_tokens_on_disk(
    hass: HomeAssistant, home: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    entry = make_entry(cic, **login_data(cic))
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert reauths(hass) == 1


# Disk


async def test_after_a_restart(
    hass: HomeAssistant,
    cic: CicService,
    signed_in: CicCoordinator,
    wall: Wall,
    hass_storage: dict[str, Any],
) -> None:
    """What is on disk will do, also if it has expired meanwhile."""
    key = f"clova_cic.tokens.{cic.client}"
    keeper = TokenKeeper(hass, signed_in.config_entry.data)
    await keeper.async_load()
    assert await keeper.async_token() == keeper_of(hass, cic).token
    assert not await refreshes(cic)
    wall.set(LIFE + 1)
    token = await keeper.async_token()
    assert hass_storage[key]["data"]["access_token"] == token
    assert await refreshes(cic) == [200]


@pytest.mark.parametrize(
    ("version", "stored"),
    [
        (1, {}),
        (1, {"access_token": "a"}),
        (1, {"access_token": "a", "refresh_token": "b", "issued_at": "?", "lifetime": 5}),
        (99, {"access_token": "a", "refresh_token": "b", "issued_at": 0, "lifetime": 0}),
    ],
)
async def test_what_somebody_has_edited(
    hass: HomeAssistant,
    cic: CicService,
    hass_storage: dict[str, Any],
    version: int,
    stored: dict[str, Any],
) -> None:
    key = f"clova_cic.tokens.{cic.client}"
    hass_storage[key] = {"version": version, "key": key, "data": stored}
    keeper = keeper_of(hass, cic)
    await keeper.async_load()
    assert isinstance(keeper.refusal, GrantRefusedError)
    with pytest.raises(GrantRefusedError):
        await keeper.async_token()


async def test_cannot_be_saved(
    hass: HomeAssistant,
    cic: CicService,
    signed_in: CicCoordinator,
    pass_time: PassTime,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    hass_storage: dict[str, Any],
) -> None:
    """It is used all the same, and saved as soon as that can be done."""
    keeper = keeper_of(hass, cic)

    async def fail(contents: dict[str, Any]) -> None:
        """Do as a store does that cannot write: say nothing."""

    await revoke(cic)
    with monkeypatch.context() as broken:
        broken.setattr(keeper._disk._store, "async_save", fail)
        await note(signed_in, 1)
    assert "not on disk" in caplog.text
    stored = hass_storage[f"clova_cic.tokens.{cic.client}"]
    assert stored["data"]["access_token"] != keeper.token
    pass_time(LOOK_INTERVAL + 1)
    await until(lambda: keeper._disk.saved)
    stored = hass_storage[f"clova_cic.tokens.{cic.client}"]
    assert stored["data"]["access_token"] == keeper.token


async def test_saved_as_home_assistant_stops(hass: HomeAssistant, cic: CicService) -> None:
    """A store writes what comes then when everything else has stopped: that is no failure."""
    disk = TokenStore(hass, cic.client)
    hass.set_state(CoreState.stopping)
    await disk.async_save(Issued.now(Tokens(access_token="a", refresh_token="b", expires_in=LIFE)))
    assert disk.saved
    hass.set_state(CoreState.running)


# The end


async def test_given_back_with_the_last_entry(
    hass: HomeAssistant,
    cic: CicService,
    signed_in: CicCoordinator,
    set_up: SetUp,
    hass_storage: dict[str, Any],
) -> None:
    shares = {CONF_SHARES_LOGIN: True, CONF_DEVICE_UUID: "another"}
    other = await set_up(cic, **login_data(cic), **shares)
    await hass.config_entries.async_remove(signed_in.config_entry.entry_id)
    await note(other, 1)
    assert f"clova_cic.tokens.{cic.client}" in hass_storage
    await hass.config_entries.async_remove(other.config_entry.entry_id)
    told = [one for one in await cic.log("token") if one["grant_type"] == "delete"]
    assert [one["status"] for one in told] == [200]
    assert f"clova_cic.tokens.{cic.client}" not in hass_storage
    accounts = await cic.control("GET", "accounts")
    assert cic.client not in {one["client"] for one in accounts["logins"]}


async def test_removed_while_the_server_is_away(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator, hass_storage: dict[str, Any]
) -> None:
    await cic.control("POST", "next-answer", {"event": "token", "status": 500})
    await hass.config_entries.async_remove(signed_in.config_entry.entry_id)
    assert f"clova_cic.tokens.{cic.client}" not in hass_storage


async def test_removed_while_a_token_is_renewed(
    hass: HomeAssistant, cic: CicService, signed_in: CicCoordinator, hass_storage: dict[str, Any]
) -> None:
    keeper = keeper_of(hass, cic)
    renewing = asyncio.create_task(keeper.async_renew(keeper.token))
    await asyncio.sleep(0)
    await hass.config_entries.async_remove(signed_in.config_entry.entry_id)
    await renewing
    told = [one["grant_type"] for one in await cic.log("token")]
    assert told[-2:] == ["refresh_token", "delete"]
    assert f"clova_cic.tokens.{cic.client}" not in hass_storage


async def test_no_secret_in_diagnostics(
    hass: HomeAssistant,
    cic: CicService,
    signed_in: CicCoordinator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.clova_cic.device.others.ASK_TIMEOUT", 0.1)
    shown = str(await async_get_config_entry_diagnostics(hass, signed_in.config_entry))
    keeper = keeper_of(hass, cic)
    for secret in (cic.server.client_secret, cic.client, keeper.token):
        assert secret not in shown


# Beside it


async def test_a_pasted_token(hass: HomeAssistant) -> None:
    access = await async_access(hass, {"access_token": "pasted"})
    assert isinstance(access, PastedToken)
    assert await access.async_token() == access.token == "pasted"
    access.accepted("pasted")
    with pytest.raises(UnauthorizedError):
        await access.async_renew("pasted")


def test_lifetimes() -> None:
    stored = {"access_token": "a", "refresh_token": "b", "issued_at": 0.0, "lifetime": 0.0}
    assert not Issued.from_dict(stored).is_over()  # nobody has told how long it lasts
    assert Issued.from_dict(stored | {"lifetime": SHORTEST_LIFE}).is_over()
