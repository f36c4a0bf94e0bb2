"""What a multipart reader gave of a message, put together again."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from custom_components.clova_cic.cic.multipart import (
    MultipartReader,
    PartBegin,
    PartData,
    PartEnd,
    PartEvent,
    PartHeaders,
    PartRejected,
)


@dataclass
class Part:
    """What a reader gave of one part."""

    headers: PartHeaders
    body: bytes = b""
    complete: bool = False


@dataclass
class Outcome:
    """What a reader gave of a message."""

    parts: list[Part] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)

    def take(self, events: list[PartEvent]) -> None:
        for event in events:
            match event:
                case PartBegin(headers):
                    assert not self.parts or self.parts[-1].complete
                    self.parts.append(Part(headers))
                case PartData(data):
                    assert data
                    assert not self.parts[-1].complete
                    self.parts[-1].body += data
                case PartEnd():
                    assert not self.parts[-1].complete
                    self.parts[-1].complete = True
                case PartRejected(reason):
                    assert not self.parts or self.parts[-1].complete
                    self.rejected.append(reason)

    @property
    def bodies(self) -> list[bytes]:
        return [part.body for part in self.parts]


def read(reader: MultipartReader, pieces: Iterable[bytes]) -> Outcome:
    outcome = Outcome()
    for piece in pieces:
        outcome.take(reader.feed(piece))
    return outcome


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]
