"""Direct Line 3.0 (the documents' API reference of that version, and the Activity specification)."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from .cards import choices_of
from .dialect import JSON, Ask, Dialect, Patience, after, image_type, valid_id, valid_token
from .documents import decode, encode, member, objects, text_of, time_of
from .errors import ConversationGoneError, MalformedError
from .messages import Attachment, Incoming, InputHint, Kind, Outgoing, Version
from .tokens import Grant
from .uploads import Part

ACTIVITY_TYPE: Final = "application/vnd.microsoft.activity"
# A token may carry the user's id where it begins so; the bot may then greet by itself.
USER_ID_PREFIX: Final = "dl_"
_KINDS: Final = {
    "message": Kind.MESSAGE,
    "typing": Kind.TYPING,
    "event": Kind.EVENT,
    "endOfConversation": Kind.END_OF_CONVERSATION,
}
# The documents and the live service have the longer words, the specification the shorter.
_INPUT_HINTS: Final = {
    "acceptingInput": InputHint.ACCEPTING,
    "accepting": InputHint.ACCEPTING,
    "expectingInput": InputHint.EXPECTING,
    "expecting": InputHint.EXPECTING,
    "ignoringInput": InputHint.IGNORING,
    "ignoring": InputHint.IGNORING,
}


class V3(Dialect):
    """Activities, over a stream or by polling."""

    version: ClassVar = Version.V3
    conversations: ClassVar = "/v3/directline/conversations"
    messages: ClassVar = "activities"

    def generate(self) -> Ask:
        """POST /v3/directline/tokens/generate, with the user's id where a token may carry it."""
        return Ask(
            method="POST",
            path="/v3/directline/tokens/generate",
            body=self._parameters(),
            headers=JSON,
        )

    def renewals(self, conversation_id: str) -> list[Ask]:
        """POST /v3/directline/tokens/refresh."""
        return [Ask(method="POST", path="/v3/directline/tokens/refresh")]

    def start(self) -> Ask:
        """POST /v3/directline/conversations."""
        return Ask(
            method="POST",
            path=self.conversations,
            body=self._parameters(),
            headers=JSON,
            patience=Patience.SEND,
        )

    def reconnect(self, conversation_id: str, watermark: str | None) -> Ask | None:
        """GET /v3/directline/conversations/{id}."""
        return Ask(
            method="GET",
            path=self._path(conversation_id),
            query=after(watermark),
            not_found=ConversationGoneError,
        )

    def grant(self, body: bytes) -> Grant:
        """Read a conversation; each answer has less of it than the documents say."""
        document = decode(body)
        if not isinstance(document, dict):
            raise MalformedError("the conversation is no object")
        expires_in = document.get("expires_in")
        return Grant(
            conversation_id=valid_id(document.get("conversationId")),
            token=valid_token(document.get("token")),
            expires_in=expires_in if isinstance(expires_in, int | float) else None,
            stream_url=text_of(document.get("streamUrl")),
        )

    def is_own(self, raw: Mapping[str, Any]) -> bool:
        """Tell whether an activity is the echo of what was sent from here."""
        return text_of(member(raw.get("from"), "id")) == self._user_id

    def incoming(self, raw: Mapping[str, Any]) -> Incoming:
        """Read an activity; of its text there may be a summary alone."""
        attachments = tuple(self._attachments(raw))
        channel_data = raw.get("channelData")
        hint, kind = text_of(raw.get("inputHint")), text_of(raw.get("type"))
        return Incoming(
            kind=_KINDS.get(kind or "", Kind.OTHER),
            id=text_of(raw.get("id")),
            from_id=text_of(member(raw.get("from"), "id")),
            from_name=text_of(member(raw.get("from"), "name")),
            text=text_of(raw.get("text")) or text_of(raw.get("summary")),
            text_format=text_of(raw.get("textFormat")),
            speak=text_of(raw.get("speak")),
            input_hint=_INPUT_HINTS.get(hint or ""),
            choices=choices_of(raw, self._user_id),
            attachments=attachments,
            cards=self._cards(attachments),
            reply_to=text_of(raw.get("replyToId")),
            at=time_of(raw.get("timestamp")),
            locale=text_of(raw.get("locale")),
            name=text_of(raw.get("name")),
            value=raw.get("value"),
            channel_data=channel_data if isinstance(channel_data, dict) else None,
            raw=raw,
        )

    def _attachments(self, raw: Mapping[str, Any]) -> Iterator[Attachment]:
        for attachment in objects(raw.get("attachments")):
            url, content = self._absolute(attachment.get("contentUrl")), attachment.get("content")
            if url or content is not None:
                yield Attachment(
                    content_type=text_of(attachment.get("contentType"))
                    or "application/octet-stream",
                    url=url,
                    name=text_of(attachment.get("name")),
                    content=content,
                )

    def _parameters(self) -> bytes:
        named = self._user_id.startswith(USER_ID_PREFIX)
        return encode({"user": {"id": self._user_id}} if named else {})

    def _message(self, outgoing: Outgoing) -> dict[str, Any]:
        message: dict[str, Any] = {"type": "message", "from": {"id": self._user_id}}
        if outgoing.text is not None:
            message["text"] = outgoing.text
        if outgoing.images or outgoing.attachments:
            message["attachments"] = [
                {"contentType": image_type(url), "contentUrl": url} for url in outgoing.images
            ] + [
                {"contentType": link.content_type, "contentUrl": link.url}
                for link in outgoing.attachments
            ]
        if outgoing.channel_data is not None:
            message["channelData"] = dict(outgoing.channel_data)
        if outgoing.value is not None:
            message["value"] = outgoing.value
        if outgoing.locale is not None:
            message["locale"] = outgoing.locale
        return message

    def _message_part(self, message: bytes) -> Part:
        """Return the part under the name the service's own client gives it."""
        disposition = ("Content-Disposition", 'form-data; name="activity"')
        return Part(headers=(disposition, ("Content-Type", ACTIVITY_TYPE)), data=message)
