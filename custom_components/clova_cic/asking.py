"""What Home Assistant itself asks of CIC, outside of any Assist run: a command, a sound, an event.

All of it runs outside the run it may be asked in: what comes of it is not that run's answer.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import Enum, auto
import logging
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .answer import Answer
from .cic import CicError, Client, Directive, Exchange
from .cic.errors import AttachmentMissingError, MessageError
from .cic.interfaces import read
from .cic.interfaces.outgoing import OutgoingEvent
from .cic.interfaces.speech_synthesizer import Request, Speak
from .cic.interfaces.templates import Card
from .const import DOMAIN
from .coordinator import CicCoordinator
from .failures import NotConnectedError, as_home_assistant_error
from .origin import UNASKED
from .playback.output.calls import player_error
from .playback.output.output import Output
from .playback.speech.remote import RemoteSounds
from .playback.speech.speech import Follower, Speech
from .playback.speech.taken import TakenSpeech
from .playback.speech.view import Clip
from .run import Run
from .settings import user_agent

_LOGGER = logging.getLogger(__name__)

# Some minutes of speech, in characters: longer ones would not fit into what players are served.
LONGEST_TEXT: Final = 5000
# An automation waits no longer than a user for a connection that may come back, in seconds.
PATIENCE: Final = 3.0
# Sound at an address may come long after the answer that names it; who is told where waits so long for it, in seconds.
SOUND_PATIENCE: Final = 10.0
# Whoever has asked another agent, which asks CIC, has waited for that one as well, in seconds.
ASK_TIMEOUT: Final = 30.0


class Sound(Enum):
    """What becomes of the sound of an answer that no Assist run plays."""

    DROPPED = auto()
    KEPT = auto()  # to be fetched by whoever is told where
    ANNOUNCED = auto()  # on the default output


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of a command; clip is the answer's sound, where it was kept."""

    text: str = field(repr=False)
    card: Card | None
    directives: list[Directive]
    clip: Clip | None
    expects_reply: bool


async def async_ask(
    coordinator: CicCoordinator, text: str, conversation_id: str, sound: Sound = Sound.DROPPED
) -> Asked:
    """Have a command carried out, as if it had been typed; return its answer once that is complete.

    A question of the cloud's that is open in the conversation is answered by it. Raises
    HomeAssistantError.
    """
    if sound is Sound.ANNOUNCED:
        _output(coordinator, None)
    return await _aside(coordinator, _ask(coordinator, text, conversation_id, sound))


async def _ask(coordinator: CicCoordinator, text: str, conversation_id: str, sound: Sound) -> Asked:
    turns = coordinator.turns
    if sound is not Sound.DROPPED:
        Run.here().voice = (turns, conversation_id)  # the answer's sound is wanted here
    turn = await turns.claim(text, conversation_id, None)
    directives: list[Directive] = []
    taken: TakenSpeech | None = None
    if (answer := turn.answer) is not None:
        answer.on_directive = directives.append  # none has come: it was asked in this very step
        match sound:
            case Sound.KEPT:
                taken = await _taken(coordinator, answer)
            case Sound.ANNOUNCED:
                await _announce(coordinator, answer)
        await answer.wait_end()
        if taken is not None:
            await taken.wait_end(SOUND_PATIENCE)
    if (error := turn.failure) is not None:
        raise as_home_assistant_error(error) from error
    return Asked(
        text="" if answer is None else answer.text,
        card=None if answer is None else answer.card,
        directives=directives,
        clip=None if taken is None else taken.clip,
        expects_reply=turns.ask_again(turn),
    )


async def _taken(coordinator: CicCoordinator, answer: Answer) -> TakenSpeech | None:
    """Take the sound of an answer, for whoever will fetch it; None where there is none."""
    if not await answer.wait_sound():
        return None
    speech = speech_of(coordinator, _Unheard(), padded=False)
    taken = TakenSpeech(coordinator.hass, speech.play(answer), coordinator.turns.spawn)
    taken.clip.awaited = False
    try:
        await taken.wait_begun()
    except HomeAssistantError:
        return None  # logged and counted where it broke off
    return taken


async def _announce(coordinator: CicCoordinator, answer: Answer) -> None:
    async with aclosing(answer.speaks()) as speaks:
        async for speak in speaks:
            try:
                coordinator.announcer.announce(speak, answer.attachment, UNASKED)
            except CicError:
                break  # more sounds than one answer may have


async def async_speak(
    coordinator: CicCoordinator, text: str, language: str, player: str | None = None
) -> None:
    """Have a text said by CIC's voice: at a media player, or at the default output.

    Returns when it waits for its turn there. Raises HomeAssistantError.
    """
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="text_too_long",
            translation_placeholders={"most": str(LONGEST_TEXT), "count": str(len(text))},
        )
    output = _output(coordinator, player)
    await _aside(coordinator, _speak(coordinator, Request(text=text, lang=language), output))


async def _speak(coordinator: CicCoordinator, request: Request, output: Output) -> None:
    try:
        exchange = await async_post(coordinator, lambda client: client.synthesize(request))
        try:
            speaks = await _announced_at(coordinator, exchange, output)
        finally:
            exchange.cancel()
        if not speaks:
            raise AttachmentMissingError("there is no sound of the text")
    except CicError as err:
        coordinator.turns.note(err)
        raise as_home_assistant_error(err) from err


async def async_post(coordinator: CicCoordinator, post: Callable[[Client], Exchange]) -> Exchange:
    """Send something up; once more where CIC has refused its token and there is another.

    Raises CicError or NotConnectedError.
    """
    exchange = post(await coordinator.async_client())
    if not coordinator.renews_token:
        return exchange
    try:
        await exchange.wait_begun()
    except asyncio.CancelledError:
        exchange.cancel()
        raise
    if exchange.unauthorized:
        exchange = post(await coordinator.async_client())
    return exchange


async def _announced_at(coordinator: CicCoordinator, exchange: Exchange, output: Output) -> int:
    """Announce the speech of an answer at an output, hand on the rest; return how much speech it was."""
    speaks = 0
    async for directive in exchange.directives():
        if (speak := _speak_in(directive)) is None:
            coordinator.handle_directive(directive, exchange.attachment)
            continue
        speaks += 1
        coordinator.observe_directive(directive)
        if not coordinator.announcer.announce_at(output, speak, exchange.attachment):
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="too_much_to_say")
    return speaks


def _speak_in(directive: Directive) -> Speak | None:
    try:
        content = read(directive)
    except MessageError:
        return None  # whoever acts on the directive meets the same error, and reports it
    return content if isinstance(content, Speak) else None


async def async_send(coordinator: CicCoordinator, event: OutgoingEvent) -> list[Directive]:
    """Send an event after those before it; return what was answered, which is also acted upon.

    Raises HomeAssistantError.
    """
    return await _aside(coordinator, _send(coordinator, event))


async def _send(coordinator: CicCoordinator, event: OutgoingEvent) -> list[Directive]:
    answered: list[Directive] = []
    try:
        await coordinator.reports.send(event, patience=PATIENCE, on_directive=answered.append)
    except CicError as err:
        raise as_home_assistant_error(err) from err
    return answered


def speech_of(coordinator: CicCoordinator, follower: Follower, *, padded: bool) -> Speech:
    """Return what plays one answer; padded is for a converter's sake."""

    def broken_off(error: Exception) -> None:
        coordinator.counters.events["sound_failed"] += 1
        _LOGGER.warning("The sound of an answer is incomplete: %s", error)

    remote = RemoteSounds(coordinator.hass, user_agent(coordinator.config_entry.data))
    return Speech(remote, coordinator.turns.spawn, broken_off, follower, padded=padded)


class _Unheard:
    """Follows speech of which nobody tells whether it is heard (speech.Follower)."""

    def begins(self, token: str, at: float) -> None:
        """Tell nobody."""

    def ends(self, at: float, *, whole: bool) -> None:
        """Tell nobody."""


def _output(coordinator: CicCoordinator, player: str | None) -> Output:
    """Return where to speak; raises HomeAssistantError."""
    outputs = coordinator.outputs
    output = outputs.default() if player is None else outputs.named(player)
    if output is None and player is None:
        outputs.ask_for_one()
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_output")
    if output is None or not output.available:
        raise player_error("no_player", player or outputs.chosen or "")
    return output


async def _aside[T](coordinator: CicCoordinator, work: Coroutine[Any, Any, T]) -> T:
    """Do something outside of any run, for as long as the entry is loaded and somebody waits."""
    task = coordinator.turns.spawn(work, "asked")
    try:
        await asyncio.wait({task})
    finally:
        task.cancel()
    if task.cancelled():
        raise NotConnectedError
    return task.result()
