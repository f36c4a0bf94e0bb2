"""The bytes every candidate sends, made by the library's own writer, and how answers are read."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from .library import cic, messages, multipart, speech_recognizer, upload

IDENTITY = cic.Identity(access_token="t" * 40)
CHUNK = bytes(range(256)) * (upload.CHUNK_BYTES // 256)
# Six objects like this are the state of a client with a player: an event of 1.5 kB.
CONTEXT = [
    cic.ContextObject(
        namespace="Bench", name=f"State{number}", payload={"token": "s" * 80, "offset": number}
    )
    for number in range(6)
]


def event(name: str, payload: dict[str, Any]) -> cic.Event:
    """Return an event that makes the server do something."""
    header = cic.Header(namespace="Bench", name=name, message_id=str(uuid4()))
    return cic.Event(header=header, payload=payload)


def recognize(device: str = "bench") -> speech_recognizer.Recognize:
    """Return a spoken request; the server ends the capture of the device named so."""
    return speech_recognizer.Recognize(lang="en", device_uuid=device)


def event_request(asked: cic.Event) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body, as Client sends them."""
    writer, headers = _request()
    body = writer.part(upload.METADATA_HEADERS, messages.encode_event(asked, CONTEXT))
    return headers, body + writer.close()


def speech_request(chunks: int) -> tuple[list[tuple[str, str]], list[bytes]]:
    """Return headers and the pieces of a spoken request; the last brings the closing boundary."""
    writer, headers = _request()
    header = cic.Header(
        namespace=speech_recognizer.NAMESPACE,
        name="Recognize",
        message_id=str(uuid4()),
        dialog_request_id=str(uuid4()),
    )
    asked = cic.Event(header=header, payload=recognize().as_payload())
    pieces = [writer.part(upload.METADATA_HEADERS, messages.encode_event(asked, CONTEXT))]
    pieces += (writer.part(upload.AUDIO_HEADERS, CHUNK) for _ in range(chunks))
    pieces[-1] += writer.close()
    return headers, pieces


def reader(content_type: str) -> Callable[[bytes], list[cic.Directive]]:
    """Return what turns the bytes of an answer into directives."""
    parser = multipart.MultipartReader(multipart.boundary_of(content_type))
    content = bytearray()

    def feed(data: bytes) -> list[cic.Directive]:
        directives = []
        for found in parser.feed(data):
            match found:
                case multipart.PartData(data=piece):
                    content.extend(piece)
                case multipart.PartEnd():
                    directives.append(messages.decode_directive(bytes(content)))
                    content.clear()
        return directives

    return feed


def _request() -> tuple[multipart.MultipartWriter, list[tuple[str, str]]]:
    writer = multipart.MultipartWriter(str(uuid4()).encode())
    return writer, [*IDENTITY.headers(), ("content-type", writer.content_type)]
