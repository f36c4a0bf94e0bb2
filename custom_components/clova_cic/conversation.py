"""The agent: a turn that speech-to-text has opened, or a typed one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from homeassistant.components import conversation
from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent, llm
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .answer import Answer
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
            if turn.answer is not None:
                deltas = self._deltas(turn.answer, user_input.language)
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

    async def _deltas(self, answer: Answer, language: str) -> AsyncIterator[Any]:
        """Yield the answer for the chat log: first, that there is sound; then the text.

        A blank and an external tool call make Assist start text-to-speech at once,
        uncached; without its result the log would keep an open call.
        """
        if await answer.wait_sound():
            call = llm.ToolInput(tool_name=f"{DOMAIN}__dialog", tool_args={}, external=True)
            yield {"role": "assistant", "content": " "}
            yield {"tool_calls": [call]}
            yield {
                "role": "tool_result",
                "tool_call_id": call.id,
                "tool_name": call.tool_name,
                "result": llm.ToolResult(data={"speech": "streaming"}),
            }
        await answer.wait_end()
        if text := await self._text(answer, language):
            yield {"role": "assistant", "content": text}

    async def _text(self, answer: Answer, language: str) -> str:
        """Return what stands for the answer in writing."""
        if answer.text or not answer.is_spoken:
            return answer.text
        return await phrase(self.hass, language, Phrase.STAND_IN_ANSWER)

    async def _response(self, turn: Turn, language: str) -> intent.IntentResponse:
        response = intent.IntentResponse(language=language)
        answer = turn.answer
        error = turn.error if answer is None else turn.error or answer.error
        if error is not None and not (answer and (answer.text or answer.has_sound)):
            response.async_set_error(
                intent.IntentResponseErrorCode.FAILED_TO_HANDLE,
                await spoken_reason(self.hass, language, error),
            )
        elif answer is not None:
            response.async_set_speech(await self._text(answer, language))
        return response
