"""The agent: a turn that speech-to-text has opened, or a typed one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from homeassistant.components import conversation
from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent, llm
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .bots.conversation import BotAgent
from .bots.entry import is_bot_entry
from .const import DOMAIN, LANGUAGES
from .coordinator import CicConfigEntry
from .entity import CicEntity
from .failures import Phrase, phrase, spoken_reason
from .turn import Outcome, Turn

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: CicConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the entity of an entry."""
    if is_bot_entry(entry):
        async_add_entities([BotAgent(entry)])
        return
    async_add_entities([CicAgent(entry.runtime_data, "agent")])


class CicAgent(CicEntity, conversation.ConversationEntity):
    """Answers with what the cloud answers."""

    _attr_supports_streaming = True

    @property
    def supported_languages(self) -> list[str]:
        """CIC's own (SpeechRecognizer.Recognize, lang)."""
        return list(LANGUAGES)

    async def async_prepare(self, language: str | None = None) -> None:
        """Learn that the run about to listen will come to this agent."""
        self.coordinator.turns.agent_prepared()

    async def _async_handle_message(
        self, user_input: conversation.ConversationInput, chat_log: conversation.ChatLog
    ) -> conversation.ConversationResult:
        """Claim the turn this text belongs to, and hand its answer on as it comes."""
        turns = self.coordinator.turns
        turn = await turns.claim(user_input.text, chat_log.conversation_id, user_input.satellite_id)
        try:
            deltas = self._deltas(turn, user_input.language)
            async for _ in chat_log.async_add_delta_content_stream(self.entity_id, deltas):
                pass
            response = await self._response(turn, user_input.language)
        except asyncio.CancelledError:
            turn.close(Outcome.CANCELLED)
            raise
        except Exception:
            turn.close(Outcome.FAILED)
            raise
        finally:
            turn.returned.set()
        return conversation.ConversationResult(
            response=response,
            conversation_id=chat_log.conversation_id,
            continue_conversation=turns.ask_again(turn),
        )

    async def _deltas(self, turn: Turn, language: str) -> AsyncIterator[Any]:
        """Yield the answer for the chat log: first, that there is sound; then the text."""
        answer = turn.answer
        has_sound = answer is not None and await answer.wait_sound()
        if has_sound:
            for delta in _start_of_speech(turn):
                yield delta
        if answer is not None:
            await answer.wait_end()
        if not (text := await self._text(turn, language)):
            return
        if turn.wants_sound and not has_sound:
            for delta in _start_of_speech(turn):
                yield delta
        yield {"role": "assistant", "content": text}

    async def _text(self, turn: Turn, language: str) -> str:
        """Return what stands for the answer in writing: its text, or why there is none."""
        answer = turn.answer
        if (error := turn.failure) is not None:
            return await spoken_reason(self.hass, language, error)
        if answer is None:
            return ""
        if answer.text:
            return answer.text
        if answer.is_spoken:
            return await phrase(self.hass, language, Phrase.STAND_IN_ANSWER)
        if answer.wants_help:
            return await phrase(self.hass, language, Phrase.HELP)
        return ""

    async def _response(self, turn: Turn, language: str) -> intent.IntentResponse:
        response = intent.IntentResponse(language=language)
        text = await self._text(turn, language)
        if turn.failure is not None:
            response.async_set_error(intent.IntentResponseErrorCode.FAILED_TO_HANDLE, text)
        elif turn.answer is not None:
            response.async_set_speech(text)
            if (card := turn.answer.card) is not None:
                title = card.title or self.coordinator.config_entry.title
                response.async_set_card(title, card.content)
                if card.image_url is not None:
                    # core has no card with a picture: who shows one finds its address here
                    response.async_set_card(title, card.image_url, "image")
        return response


def _start_of_speech(turn: Turn) -> list[dict[str, Any]]:
    """Return what makes Assist start text-to-speech at once, and keep nothing of its sound.

    That is a blank and an external tool call; without its result the log would keep an open call.
    """
    turn.text_streams = True
    call = llm.ToolInput(tool_name=f"{DOMAIN}__dialog", tool_args={}, external=True)
    result = llm.ToolResult(data={"speech": "streaming"})
    return [
        {"role": "assistant", "content": " "},
        {"tool_calls": [call]},
        {
            "role": "tool_result",
            "tool_call_id": call.id,
            "tool_name": call.tool_name,
            "result": result,
        },
    ]
