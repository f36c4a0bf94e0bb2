"""What AudioPlayer plays: a track, its stream, and when CIC wants to hear of it (AudioPlayer, AudioStreamInfoObject)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..errors import MessageError
from ..messages import Payload
from .fields import (
    caption,
    echo,
    identifier,
    inner,
    is_web_address,
    milliseconds,
    optional_text,
    truth,
    web_address,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReport:
    """When CIC wants to hear of progress, in milliseconds; None: not.

    delay: once, so long after the start. interval: again and again.
    position: whenever it is passed.
    """

    delay: int | None = None
    interval: int | None = None
    position: int | None = None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read what is there; an interval of nothing is none."""
        return cls(
            delay=milliseconds(payload, "progressReportDelayInMilliseconds"),
            interval=milliseconds(payload, "progressReportIntervalInMilliseconds") or None,
            position=milliseconds(payload, "progressReportPositionInMilliseconds"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """AudioStreamInfoObject: where the sound is, and which window of it may be heard.

    The window is in milliseconds of the medium; without duration it is open.
    url is opaque ("clova:...") where url_playable is false: it must be asked for
    first. raw is everything, as it came, to be sent back.
    """

    token: str = field(repr=False)
    url: str = field(default="", repr=False)
    url_playable: bool = True
    begin_at: int = 0
    duration: int | None = None
    format: str | None = None
    progress: ProgressReport = field(default_factory=ProgressReport)
    raw: Payload = field(default_factory=dict, repr=False, hash=False)

    @classmethod
    def from_payload(cls, payload: Payload, token: str | None = None) -> Self:
        """Read a stream; token stands in where it has none.

        Raises MessageError when there is no token at all, or more than can be kept.
        """
        return cls._read(echo(payload), token)

    @classmethod
    def _read(cls, raw: Payload, token: str | None) -> Self:
        known = identifier(raw, "token") or token
        if known is None:
            raise MessageError("the stream has no token")
        url = identifier(raw, "url") or ""
        stated = raw.get("urlPlayable") is not None
        return cls(
            token=known,
            url=url,
            url_playable=truth(raw, "urlPlayable") if stated else is_web_address(url),
            begin_at=milliseconds(raw, "beginAtInMilliseconds") or 0,
            duration=milliseconds(raw, "durationInMilliseconds") or None,
            format=optional_text(raw, "format"),
            progress=ProgressReport.from_payload(inner(raw, "progressReport")),
            raw=raw,
        )

    @property
    def end_at(self) -> int | None:
        """The window's end, in milliseconds of the medium."""
        return None if self.duration is None else self.begin_at + self.duration

    @property
    def at_web_address(self) -> bool:
        """Whether the address is one a player could fetch."""
        return is_web_address(self.url)

    def merged(self, delivered: Payload) -> AudioStream:
        """Return this stream of a Play with what a StreamDeliver brought; it is playable then.

        What was delivered counts, unless it is null, at every level (AudioPlayer, StreamDeliver).
        """
        return AudioStream._read(_merge(self.raw, {**delivered, "urlPlayable": True}), self.token)


def _merge(old: Payload, new: Payload) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        known = merged.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(known, value)
        elif known is None or value is not None:
            merged[key] = value
    return merged


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioItem:
    """A track: what it is known by, what is shown of it, and its stream."""

    audio_item_id: str
    stream: AudioStream
    title: str | None = field(default=None, repr=False)
    artist: str | None = field(default=None, repr=False)
    album: str | None = field(default=None, repr=False)
    playlist: str | None = field(default=None, repr=False)
    image_url: str | None = field(default=None, repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is neither audioItemId nor token."""
        item_id = identifier(payload, "audioItemId")
        stream = AudioStream.from_payload(inner(payload, "stream"), item_id)
        return cls(
            audio_item_id=item_id or stream.token,
            stream=stream,
            # the documents' own examples have free fields in the place of the required ones
            title=caption(payload, "titleText") or caption(payload, "title"),
            artist=caption(payload, "titleSubText1"),
            album=caption(payload, "titleSubText2") or caption(inner(payload, "album"), "title"),
            playlist=caption(payload, "headerText"),
            image_url=web_address(payload, "artImageUrl"),
        )
