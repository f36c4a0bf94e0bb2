"""From multipart events to directives and attachments; sans-IO.

One assembler reads one response, an event's or the downchannel's. What is
malformed is reported once, and the rest is still read.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .attachments import Attachment, Attachments
from .errors import MessageError
from .messages import Directive, decode_directive
from .multipart import MultipartReader, PartBegin, PartData, PartEnd, PartHeaders, PartRejected

# A directive is a few hundred bytes, a rendered template some kB.
JSON_BOUND = 1024 * 1024


@dataclass(slots=True)
class _JsonPart:
    """A part that is, or looks like, JSON."""

    declared: bool
    data: bytearray


type _Open = _JsonPart | Attachment | None


class MessageAssembler:
    """Turns the bytes of one response into directives, and feeds its attachments."""

    def __init__(
        self, boundary: bytes, attachments: Attachments, on_malformed: Callable[[str], None]
    ) -> None:
        """Report each malformed part to on_malformed, with what is wrong with it."""
        self._reader = MultipartReader(boundary)
        self._attachments = attachments
        self._on_malformed = on_malformed
        self._open: _Open = None
        self.json_bytes = 0
        """How much JSON has been read in all."""

    @property
    def closed(self) -> bool:
        """True once the closing delimiter was read."""
        return self._reader.closed

    @property
    def in_sound(self) -> bool:
        """True while a binary part has begun and not ended."""
        return isinstance(self._open, Attachment)

    def feed(self, data: bytes) -> list[Directive]:
        """Read bytes of the response; return the directives they complete.

        Raises LimitExceededError for more attachments than an answer has.
        """
        return self._read(self._reader.feed(data))

    def finish(self) -> list[Directive]:
        """Read to the end; raises TruncatedResponseError without a closing delimiter."""
        return self._read(self._reader.finish())

    def _read(self, events: list[PartBegin | PartData | PartEnd | PartRejected]) -> list[Directive]:
        directives: list[Directive] = []
        for event in events:
            match event:
                case PartBegin(headers):
                    self._begin(headers)
                case PartData(data):
                    self._take(data)
                case PartEnd():
                    directive = self._end()
                    if directive is not None:
                        directives.append(directive)
                case PartRejected(reason):
                    self._reject(reason)
        return directives

    def _begin(self, headers: PartHeaders) -> None:
        if headers.content_type == "application/json":
            self._open = _JsonPart(declared=True, data=bytearray())
        elif headers.content_id:
            self._open = self._attachments.begin(headers.content_id)
        else:
            # Some examples of the documents have parts without any header.
            self._open = _JsonPart(declared=False, data=bytearray())

    def _take(self, data: bytes) -> None:
        match self._open:
            case Attachment() as attachment:
                self._attachments.feed(attachment, data)
            case _JsonPart() as part:
                # Blanks decide nothing: the brace may be in the next chunk.
                part.data += data if part.declared or part.data else data.lstrip()
                self.json_bytes += len(data)
                if not part.declared and part.data and not part.data.startswith(b"{"):
                    self._open = None
                elif len(part.data) > JSON_BOUND:
                    self._reject("a JSON part is larger than 1 MiB")

    def _end(self) -> Directive | None:
        part, self._open = self._open, None
        match part:
            case Attachment() as attachment:
                attachment.end()
            case _JsonPart() if part.declared or part.data:
                try:
                    return decode_directive(part.data)
                except MessageError as err:
                    self._on_malformed(str(err))
        return None

    def _reject(self, reason: str) -> None:
        if isinstance(self._open, Attachment):
            self._open.end()
        self._open = None
        self._on_malformed(reason)
