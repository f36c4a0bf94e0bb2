"""Kinds of sound: what a content type, and the end of an address, say of it."""

import re
from typing import Final

from yarl import URL

PLAYLIST_TYPE: Final = "application/vnd.apple.mpegurl"
MP3_TYPE: Final = "audio/mpeg"
MP3: Final = "mp3"
PLAYLIST: Final = "m3u8"

# Players tell a sound by its address' end too; the first name of a kind is the one that is sent.
_TYPES: Final = {
    MP3: (MP3_TYPE, "audio/mp3"),
    PLAYLIST: (
        PLAYLIST_TYPE,
        "application/x-mpegurl",
        "audio/mpegurl",
        "audio/x-mpegurl",
        "application/mpegurl",
    ),
    "aac": ("audio/aac", "audio/aacp", "audio/x-aac"),
    "m4a": ("audio/mp4", "audio/x-m4a", "audio/m4a"),
    "ogg": ("audio/ogg", "application/ogg"),
    "opus": ("audio/opus",),
    "flac": ("audio/flac", "audio/x-flac"),
    "wav": ("audio/wav", "audio/x-wav", "audio/wave"),
    "webm": ("audio/webm", "video/webm"),
    "ts": ("video/mp2t",),
    "mp4": ("video/mp4",),
}
# Any other sound or film, by a name as it is registered (RFC 6838 4.2).
_MEDIA: Final = re.compile(r"(audio|video)/[\w.+-]{1,127}", re.ASCII)
_EXTENSIONS: Final = {name: end for end, names in _TYPES.items() for name in names}
# Ends that playlists give to parts of a sound, and converters insist on.
_OTHER_ENDS: Final = frozenset({"m4s", "m4v", "cmfa", "mp2", "ac3", "ec3", "oga", "vtt", "key"})


def extension(url: URL, content_type: str | None = None) -> str | None:
    """Return the end a sound's address should have, by its type, else by its own address."""
    if found := _EXTENSIONS.get(_plain(content_type)):
        return found
    end = url.suffix.removeprefix(".").lower()
    return end if end in _TYPES or end in _OTHER_ENDS else None


def type_of(end: str) -> str:
    """Return the content type of an address' end."""
    return _TYPES[end][0] if end in _TYPES else MP3_TYPE


def served_type(content_type: str, otherwise: str) -> str:
    """Return a type that is safe to send on: from our own origin nothing may run in a browser."""
    plain = _plain(content_type)
    return plain if _MEDIA.fullmatch(plain) or plain in _EXTENSIONS else otherwise


def _plain(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()
