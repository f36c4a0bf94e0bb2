"""The agent: what is said to Assist goes to the bot, and its answer comes back as it comes."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Literal, override

from homeassistant.components import conversation
from homeassistant.const import MATCH_ALL
from homeassistant.helpers import intent

from ..direct_line import DirectLineError, Outgoing
from ..failures import phrase
from .bot import BotConfigEntry
from .choices import taken
from .entity import BotEntity
from .failures import BotPhrase, said_instead
from .reply import Reply


class BotAgent(BotEntity, conversation.ConversationEntity):
    """Answers with what the bot answers. Each conversation of Assist is one with the bot."""

    _attr_supports_streaming = True

    def __init__(self, entry: BotConfigEntry) -> None:
        """Speak to the entry's bot."""
        super().__init__(entry, "bot_agent")

    @property
    @override
    def supported_languages(self) -> list[str] | Literal["*"]:
        """Any: only the bot knows."""
        return MATCH_ALL

    @override
    async def _async_handle_message(
        self, user_input: conversation.ConversationInput, chat_log: conversation.ChatLog
    ) -> conversation.ConversationResult:
        """Say it to the bot, and hand its answer on message by message."""
        reply = Reply()
        response = intent.IntentResponse(language=user_input.language)
        deltas = self._deltas(user_input, chat_log.conversation_id, reply, response)
        async for _ in chat_log.async_add_delta_content_stream(self.entity_id, deltas):
            pass
        if response.response_type is not intent.IntentResponseType.ERROR:
            response.async_set_speech(reply.text)
            title = reply.title or self.bot.entry.title
            if reply.card is not None:
                response.async_set_card(title, reply.card)
            if reply.image is not None:
                # core has no card with a picture: who shows one finds its address here
                response.async_set_card(title, reply.image, "image")
        return conversation.ConversationResult(
            response=response,
            conversation_id=chat_log.conversation_id,
            continue_conversation=reply.expects_answer,
        )

    async def _deltas(
        self,
        user_input: conversation.ConversationInput,
        conversation_id: str,
        reply: Reply,
        response: intent.IntentResponse,
    ) -> AsyncIterator[Any]:
        """Yield the answer for the chat log as it comes; where there is none, why."""
        yield {"role": "assistant"}
        try:
            talk = await self.bot.async_talk(conversation_id)
            outgoing = Outgoing(text=user_input.text, locale=user_input.language)
            if (choice := taken(user_input.text, talk.choices)) is not None:
                outgoing = Outgoing(
                    text=choice.value, value=choice.data, locale=user_input.language
                )
            async with aclosing(self.bot.async_ask(outgoing, conversation_id)) as answer:
                async for incoming in answer:
                    if more := reply.take(incoming):
                        yield {"content": more}
            talk.choices = reply.choices
        except DirectLineError as err:
            if not reply.text:
                text = await said_instead(self.hass, user_input.language, err)
                response.async_set_error(intent.IntentResponseErrorCode.FAILED_TO_HANDLE, text)
                yield {"content": text}
        if reply.has_files_alone:
            reply.text = await phrase(self.hass, user_input.language, BotPhrase.FILE)
            yield {"content": reply.text}
