"""TemplateRuntime: what a player shows of its music, lists to choose from, likes (TemplateRuntime)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final, Self

from ..messages import Payload
from .fields import caption, choice, inner, items, required_identifier, truth, web_address
from .plain import PlainDirective

NAMESPACE = "TemplateRuntime"

# More than anybody looks through; a list without bounds would be kept and browsed.
MOST_ITEMS: Final = 1000
# The documents name fourteen.
MOST_CONTROLS: Final = 64


class DisplayType(StrEnum):
    """How the player is shown."""

    LIST = "list"
    SINGLE = "single"


class PlaylistKind(StrEnum):
    """What choosing an item of a list brings: another list, or sound."""

    PLAYLIST = "playlist"
    TRACK = "track"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A button: its documented name, whether it may be pressed, and whether it is on."""

    name: str
    enabled: bool = True
    selected: bool = False

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it has no name."""
        return cls(
            name=required_identifier(payload, "name"),
            enabled=payload.get("enabled") is None or truth(payload, "enabled"),
            selected=truth(payload, "selected"),
        )


def _controls(payload: Payload) -> tuple[Control, ...]:
    return items(payload, "controls", Control.from_payload, MOST_CONTROLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayableItem:
    """A track of the player, chosen by its token."""

    token: str = field(repr=False)
    title: str | None = field(default=None, repr=False)
    artist: str | None = field(default=None, repr=False)
    album: str | None = field(default=None, repr=False)
    playlist: str | None = field(default=None, repr=False)
    image_url: str | None = field(default=None, repr=False)
    show_adult_icon: bool = False
    is_live: bool = False
    controls: tuple[Control, ...] = ()

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it has no token."""
        return cls(
            token=required_identifier(payload, "token"),
            title=caption(payload, "titleText"),
            artist=caption(payload, "titleSubText1"),
            album=caption(payload, "titleSubText2"),
            playlist=caption(payload, "headerText"),
            image_url=web_address(payload, "artImageUrl"),
            show_adult_icon=truth(payload, "showAdultIcon"),
            is_live=truth(payload, "isLive"),
            controls=_controls(payload),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistItem:
    """An item of a list, chosen by its token."""

    token: str = field(repr=False)
    kind: PlaylistKind = PlaylistKind.TRACK
    title: str | None = field(default=None, repr=False)
    artist: str | None = field(default=None, repr=False)
    album: str | None = field(default=None, repr=False)
    image_url: str | None = field(default=None, repr=False)
    show_adult_icon: bool = False

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it has no token."""
        return cls(
            token=required_identifier(payload, "token"),
            kind=choice(payload, "type", PlaylistKind) or PlaylistKind.TRACK,
            title=caption(payload, "titleText"),
            artist=caption(payload, "titleSubText1"),
            album=caption(payload, "titleSubText2"),
            # every other picture of the documents is a ...Url
            image_url=web_address(payload, "imageUri") or web_address(payload, "imageUrl"),
            show_adult_icon=truth(payload, "showAdultIcon"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectRequestPlayerInfo(PlainDirective):
    """Directive: ask for what the player shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderPlayerInfo:
    """Directive: show this of the music; items that cannot be chosen are left out."""

    display_type: DisplayType
    controls: tuple[Control, ...] = ()
    items: tuple[PlayableItem, ...] = field(default=(), repr=False)
    provider_name: str | None = None
    provider_logo_url: str | None = field(default=None, repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read what is there; without another word it is a list."""
        provider = inner(payload, "provider")
        return cls(
            display_type=choice(payload, "displayType", DisplayType) or DisplayType.LIST,
            controls=_controls(payload),
            items=items(payload, "playableItems", PlayableItem.from_payload, MOST_ITEMS),
            provider_name=caption(provider, "name"),
            provider_logo_url=web_address(provider, "logoUrl")
            or web_address(provider, "smallLogoUrl"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderPlaylist:
    """Directive: show a list to choose from; items that cannot be chosen are left out."""

    title: str | None = field(default=None, repr=False)
    items: tuple[PlaylistItem, ...] = field(default=(), repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read what is there."""
        return cls(
            title=caption(payload, "title"),
            items=items(payload, "items", PlaylistItem.from_payload, MOST_ITEMS),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateLike:
    """Directive: the user likes a track, or no longer."""

    like: bool
    token: str = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said which."""
        return cls(like=truth(payload, "like"), token=required_identifier(payload, "token"))


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSubscribe:
    """Directive: the user has subscribed to a track's series, or no longer."""

    subscribe: bool
    token: str = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said which."""
        return cls(
            subscribe=truth(payload, "subscribe"), token=required_identifier(payload, "token")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """An event about one item, by its token."""

    NAMESPACE: ClassVar[str] = "TemplateRuntime"

    token: str = field(repr=False)

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"token": self.token}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPlayerInfo(_Event):
    """Event: what is there to show from this track on; so many after and before it (1 or more)."""

    NAME: ClassVar[str] = "RequestPlayerInfo"

    after: int | None = None
    before: int | None = None

    def as_payload(self) -> Payload:
        """Return the payload; without a range the answer may have any number."""
        bounds = {"after": self.after, "before": self.before}
        known = {key: value for key, value in bounds.items() if value is not None}
        return {**super().as_payload(), **({"range": known} if known else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectCommandIssued(_Event):
    """Event: an item of a list was chosen; the answer is another list, or a Play."""

    NAME: ClassVar[str] = "SelectCommandIssued"


@dataclass(frozen=True, slots=True, kw_only=True)
class LikeCommandIssued(_Event):
    """Event: "like" was pressed."""

    NAME: ClassVar[str] = "LikeCommandIssued"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlikeCommandIssued(_Event):
    """Event: "like" was taken back."""

    NAME: ClassVar[str] = "UnlikeCommandIssued"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeCommandIssued(_Event):
    """Event: "subscribe" was pressed."""

    NAME: ClassVar[str] = "SubscribeCommandIssued"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribeCommandIssued(_Event):
    """Event: "subscribe" was taken back."""

    NAME: ClassVar[str] = "UnsubscribeCommandIssued"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreCommandIssued(_Event):
    """Event: "more" was pressed; the answer is a list."""

    NAME: ClassVar[str] = "MoreCommandIssued"


DIRECTIVES = {
    "ExpectRequestPlayerInfo": ExpectRequestPlayerInfo,
    "RenderPlayerInfo": RenderPlayerInfo,
    "RenderPlaylist": RenderPlaylist,
    "UpdateLike": UpdateLike,
    "UpdateSubscribe": UpdateSubscribe,
}
