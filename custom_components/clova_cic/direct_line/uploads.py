"""Files in a request: one as the body, several as parts (both versions document them alike)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
import re
from typing import Final
import unicodedata
from uuid import uuid4

from .errors import TooLargeError
from .messages import Upload

# The service answers a larger file with a bare 500, some time after it was sent.
MOST_BYTES: Final = 4 * 1024 * 1024
# In one message: they are in memory together, twice.
MOST_UPLOADS: Final = 10
# A name goes into a header.
LONGEST_NAME: Final = 100
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9._ ()-]+")
_CONTENT_TYPE: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:; ?[\w-]+=[\w.+-]+)*", re.ASCII)
_UNKNOWN_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a multipart body."""

    headers: tuple[tuple[str, str], ...]
    data: bytes = field(repr=False)


def check(uploads: Sequence[Upload]) -> None:
    """Raise TooLargeError for what the service would not take."""
    if len(uploads) > MOST_UPLOADS:
        raise TooLargeError(f"more than {MOST_UPLOADS} files in one message")
    for upload in uploads:
        if len(upload.data) > MOST_BYTES:
            raise TooLargeError("a file has more than 4 MB")


def ascii_name(name: str) -> str:
    """Return a file's name in ASCII, with its extension.

    How the service reads others in these headers is not documented. A name of which
    nothing is left, as of a Korean one, is "file".
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = _NOT_IN_A_NAME.sub("_", plain.replace("\\", "/").rpartition("/")[2])
    stem, dot, extension = plain.rpartition(".")
    if not dot:
        stem, extension = plain, ""
    stem, extension = stem.strip(" ._-")[:LONGEST_NAME], extension.strip()[:16]
    return (stem or "file") + (f".{extension}" if extension else "")


def names(uploads: Iterable[Upload]) -> list[str]:
    """Return names for files, no two alike."""
    found: list[str] = []
    for upload in uploads:
        first = name = ascii_name(upload.name)
        stem, dot, extension = first.rpartition(".") if "." in first else (first, "", "")
        number = 1
        while name in found:
            number += 1
            name = f"{stem} ({number}){dot}{extension}"
        found.append(name)
    return found


def content_type(upload: Upload) -> str:
    """Return the media type of a file, as a header can carry it."""
    given = upload.content_type.strip()
    return given if _CONTENT_TYPE.fullmatch(given) else _UNKNOWN_TYPE


def single_headers(upload: Upload) -> dict[str, str]:
    """Return the headers of a file that is the body; the disposition has no type (documents)."""
    return {
        "Content-Type": content_type(upload),
        "Content-Disposition": f'name="file"; filename="{ascii_name(upload.name)}"',
    }


def file_parts(uploads: Sequence[Upload]) -> list[Part]:
    """Return a part for each file."""
    return [
        Part(
            headers=(
                ("Content-Type", content_type(upload)),
                ("Content-Disposition", f'form-data; name="file"; filename="{name}"'),
            ),
            data=upload.data,
        )
        for upload, name in zip(uploads, names(uploads), strict=True)
    ]


def multipart(
    parts: Sequence[Part], new_boundary: Callable[[], str] = lambda: uuid4().hex
) -> tuple[str, bytes]:
    """Return the content type and the body of parts (RFC 2046, 5.1)."""
    boundary = new_boundary()
    while any(boundary.encode() in part.data for part in parts):
        boundary = new_boundary()
    delimiter = f"--{boundary}".encode()
    pieces: list[bytes] = []
    for part in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in part.headers)
        pieces += [delimiter, b"\r\n", lines.encode(), b"\r\n", part.data, b"\r\n"]
    pieces += [delimiter, b"--\r\n"]
    return f"multipart/form-data; boundary={boundary}", b"".join(pieces)
