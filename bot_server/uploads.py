"""Reading an upload: one file as the body, or several in a multipart body with a message beside them (send pages)."""

from dataclasses import dataclass
import json
import re
from typing import Any, Final
from urllib.parse import unquote

from .errors import malformed
from .files import File

MESSAGE_TYPE_V1: Final = "application/vnd.microsoft.bot.message"
MESSAGE_TYPE_V3: Final = "application/vnd.microsoft.activity"
# Parts of one upload: far more files than a message has.
MAX_PARTS: Final = 100
_UNNAMED: Final = "application/octet-stream"
# The documents' single upload has no disposition type, only its parameters.
_FILE_NAME: Final = re.compile(r'(?:^|[;\s])filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_ENCODED_NAME: Final = re.compile(r"(?:^|[;\s])filename\*=UTF-8''([^;\s]+)", re.IGNORECASE)
_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What came: the files, and the message they belong to (None: there is no such part)."""

    files: tuple[File, ...]
    message: Any = None


def read_upload(content_type: str, disposition: str, body: bytes, message_type: str) -> Upload:
    """Read a body; `message_type`: what the version calls its message part. Raises RefusedError (400)."""
    if _media_type(content_type) != "multipart/form-data":
        return Upload(files=(_file(content_type, disposition, body),))
    if (found := _BOUNDARY.search(content_type)) is None:
        raise malformed("The multipart body has no boundary")
    files, message = [], None
    for headers, content in _parts(body, (found[1] or found[2]).encode("latin-1")):
        part_type = headers.get("content-type", "")
        match _media_type(part_type):
            case kind if kind == message_type:
                if message is not None:
                    raise malformed("There are two messages in one upload")
                message = _json(content)
            case kind if kind in (MESSAGE_TYPE_V1, MESSAGE_TYPE_V3):
                raise malformed(f"This version's message part is {message_type}")
            case _:
                files.append(_file(part_type, headers.get("content-disposition", ""), content))
    return Upload(files=tuple(files), message=message)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as err:
        raise malformed("The message part is not JSON") from err


def _file(content_type: str, disposition: str, data: bytes) -> File:
    return File(name=file_name(disposition), content_type=content_type or _UNNAMED, data=data)


def file_name(disposition: str) -> str:
    """Return the file name of a Content-Disposition, "" where there is none."""
    if (encoded := _ENCODED_NAME.search(disposition)) is not None:
        return unquote(encoded[1])
    if (plain := _FILE_NAME.search(disposition)) is None:
        return ""
    return unquote(re.sub(r"\\(.)", r"\1", plain[1]))


def _parts(body: bytes, boundary: bytes) -> list[tuple[dict[str, str], bytes]]:
    """Split a multipart body (RFC 2046, 5.1.1): what stands before the first delimiter is no part."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    *inner, last = pieces[1:] or [b""]
    if not last.startswith(b"--"):
        raise malformed("The multipart body has no closing delimiter")
    if len(inner) > MAX_PARTS:
        raise malformed(f"An upload has at most {MAX_PARTS} parts")
    return [_part(piece) for piece in inner]


def _part(piece: bytes) -> tuple[dict[str, str], bytes]:
    padding, line_end, rest = piece.partition(b"\r\n")
    head, blank, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if padding.strip(b" \t") or not line_end or not blank:
        raise malformed("A part has no end of its headers")
    headers = {}
    for line in head.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if not colon:
            raise malformed("A part's header has no colon")
        headers[name.strip().lower().decode("latin-1")] = value.strip().decode(errors="replace")
    return headers, content
