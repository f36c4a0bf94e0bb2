"""Direct Line 1.1 (the documents' API reference of that version)."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from .cards import PREFIX, choices_of
from .dialect import Ask, Dialect, Patience, image_type, segment, valid_id, valid_token
from .documents import decode, member, objects, text_of, time_of
from .errors import MalformedError
from .messages import Attachment, Incoming, Kind, Outgoing, Version
from .tokens import Grant
from .uploads import Part

MESSAGE_TYPE: Final = "application/vnd.microsoft.bot.message"


class V1(Dialect):
    """Messages, read by polling. What a bot says besides is flattened to text by the channel."""

    version: ClassVar = Version.V1
    conversations: ClassVar = "/api/conversations"
    messages: ClassVar = "messages"

    def generate(self) -> Ask:
        """POST /api/tokens/conversation."""
        return Ask(method="POST", path="/api/tokens/conversation")

    def renewals(self, conversation_id: str) -> list[Ask]:
        """GET or POST .../renew: the documents have both."""
        path = f"/api/tokens/{segment(conversation_id)}/renew"
        return [Ask(method=method, path=path) for method in ("GET", "POST")]

    def start(self) -> Ask:
        """POST /api/conversations."""
        return Ask(method="POST", path=self.conversations, patience=Patience.SEND)

    def reconnect(self, conversation_id: str, watermark: str | None) -> Ask | None:
        """Return none: there is no stream."""
        return None

    def grant(self, body: bytes) -> Grant:
        """Read a conversation, or a token: a JSON string, or bare."""
        try:
            document = decode(body)
        except MalformedError:
            document = body.decode(errors="replace").strip()
        if not isinstance(document, dict):
            return Grant(token=valid_token(document))
        expires_in = document.get("expires_in")
        return Grant(
            conversation_id=valid_id(document.get("conversationId")),
            token=valid_token(document.get("token")),
            expires_in=expires_in if isinstance(expires_in, int | float) else None,
        )

    def is_own(self, raw: Mapping[str, Any]) -> bool:
        """Tell whether a message is the echo of what was sent from here."""
        return _sender(raw) == self._user_id

    def incoming(self, raw: Mapping[str, Any]) -> Incoming:
        """Read a message; a card stands in its channel data, where a bot puts one there."""
        attachments = tuple(self._attachments(raw))
        channel_data = raw.get("channelData")
        return Incoming(
            kind=Kind.MESSAGE,
            id=text_of(raw.get("id")),
            from_id=_sender(raw),
            text=text_of(raw.get("text")),
            choices=choices_of({"attachments": [channel_data]}, self._user_id),
            attachments=attachments,
            cards=self._cards(attachments),
            at=time_of(raw.get("created")),
            channel_data=channel_data if isinstance(channel_data, dict) else None,
            raw=raw,
        )

    def _attachments(self, raw: Mapping[str, Any]) -> Iterator[Attachment]:
        images = raw.get("images")
        for image in images if isinstance(images, list) else ():
            if url := self._absolute(image):
                yield Attachment(content_type=image_type(url), url=url)
        for attachment in objects(raw.get("attachments")):
            if url := self._absolute(attachment.get("url")):
                media_type = text_of(attachment.get("contentType")) or "application/octet-stream"
                yield Attachment(content_type=media_type, url=url)
        tunnelled = raw.get("channelData")
        if kind := text_of(member(tunnelled, "contentType")):
            link = self._absolute(member(tunnelled, "contentUrl"))
            content = member(tunnelled, "content")
            if link or (kind.startswith(PREFIX) and content):
                name = text_of(member(tunnelled, "name"))
                yield Attachment(content_type=kind, url=link, name=name, content=content)

    def _message(self, outgoing: Outgoing) -> dict[str, Any]:
        message: dict[str, Any] = {"from": self._user_id}
        if outgoing.text is not None:
            message["text"] = outgoing.text
        if outgoing.images:
            message["images"] = list(outgoing.images)
        if outgoing.attachments:
            message["attachments"] = [
                {"url": link.url, "contentType": link.content_type} for link in outgoing.attachments
            ]
        if outgoing.channel_data is not None:
            message["channelData"] = dict(outgoing.channel_data)
        return message

    def _message_part(self, message: bytes) -> Part:
        """Return the part as the documents print it: its type alone says what it is."""
        return Part(headers=(("Content-Type", MESSAGE_TYPE),), data=message)


def _sender(raw: Mapping[str, Any]) -> str | None:
    sender = raw.get("from")
    return text_of(sender) or text_of(member(sender, "id"))
