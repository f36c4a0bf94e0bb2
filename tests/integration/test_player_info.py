"""What CIC shows of its music, kept within bounds. The way through the house: test_clova_player."""

import pytest

from custom_components.clova_cic.cic.interfaces.template_runtime import (
    RenderPlayerInfo,
    RenderPlaylist,
)
from custom_components.clova_cic.playback.music.player_info import (
    MOST_LISTS,
    MOST_MARKS,
    Button,
    Marks,
    PlayerInfo,
    key_of,
)


def control(name: str, **states: bool) -> dict[str, object]:
    return {"name": name, "type": "BUTTON", "enabled": True, "selected": False, **states}


def track(token: str, *controls: dict[str, object]) -> dict[str, object]:
    return {"token": token, "titleText": f"Title of {token}", "controls": list(controls)}


def player_info(*tracks: dict[str, object], controls: tuple[object, ...] = ()) -> RenderPlayerInfo:
    return RenderPlayerInfo.from_payload(
        {"displayType": "list", "controls": list(controls), "playableItems": list(tracks)}
    )


def a_list(*tokens: str) -> RenderPlaylist:
    items = [{"token": token, "titleText": token, "type": "playlist"} for token in tokens]
    return RenderPlaylist.from_payload({"title": "List", "items": items})


def test_keys_are_short_and_tell_nothing() -> None:
    token = "https://secret.invalid/?key=" + "x" * 3000
    assert len(key_of(token)) == 24
    assert key_of(token) != key_of(token + "x")
    assert key_of("\ud800").isalnum()


def test_newest_word_counts() -> None:
    """What buttons showed, and what came after it."""
    info = PlayerInfo()
    assert info.liked.get("a") is None
    info.show(player_info(track("a", control("LIKE_DISLIKE", selected=True)), track("b")))
    assert info.liked.get("a") is True
    assert info.liked.get("b") is None
    info.update(Button.LIKE, "a", False)
    assert info.liked.get("a") is False
    assert info.subscribed.get("a") is None
    info.show(player_info(track("a", control("subscribe_unsubscribe", selected=True))))
    assert info.subscribed.get("a") is True
    assert info.liked.get("a") is False


def test_marks_are_bounded() -> None:
    marks = Marks()
    for number in range(MOST_MARKS):
        marks.set(str(number), True)
    marks.set("0", False)  # said last
    marks.set("one more", True)
    assert marks.get("0") is False
    assert marks.get("1") is None
    assert marks.get("2") is True


@pytest.mark.parametrize(
    ("player", "item", "allowed"),
    [
        ((), (), True),
        ((control("NEXT"),), (control("NEXT"),), True),
        ((control("NEXT", enabled=False),), (), False),
        ((), (control("next", enabled=False),), False),
        ((control("PREVIOUS", enabled=False),), (control("MORE", enabled=False),), True),
    ],
)
def test_buttons(player: tuple[object, ...], item: tuple[object, ...], allowed: bool) -> None:
    info = PlayerInfo()
    info.show(player_info(track("a", *item), controls=player))
    assert info.allows("a", Button.NEXT) is allowed
    assert info.allows("of other music", Button.NEXT)


def test_lists_below_lists() -> None:
    """What an item opens stands below it; what comes unasked takes the place of all."""
    info = PlayerInfo()
    info.show_list(a_list("jazz", "piano"))
    with info.opening(key_of("jazz")):
        info.show_list(a_list("cool"))
    with info.opening(key_of("cool")):
        info.show_list(a_list("blue"))
    below = info.list_below(key_of("cool"))
    assert below is not None and list(below.items) == [key_of("blue")]
    item = info.list_item(key_of("blue"))
    assert item is not None and item.token == "blue"
    assert info.lists is not None and len(info.lists.items) == 2
    info.show_list(a_list("piano"))
    assert info.list_below(key_of("cool")) is None
    assert info.list_item(key_of("blue")) is None


def test_lists_are_bounded() -> None:
    info = PlayerInfo()
    info.show_list(a_list("root"))
    for number in range(MOST_LISTS + 1):
        with info.opening(key_of(str(number))):
            info.show_list(a_list(f"in {number}"))
    assert info.list_below(key_of("0")) is None
    assert info.list_below(key_of("1")) is not None
    assert info.list_item(key_of("root")) is not None


def test_twice_in_a_list() -> None:
    info = PlayerInfo()
    info.show_list(a_list("a", "b", "a"))
    assert info.lists is not None and list(info.lists.items) == [key_of("a"), key_of("b")]


def test_listeners() -> None:
    info = PlayerInfo()
    told: list[int] = []
    remove = info.async_add_listener(lambda: told.append(1))
    info.show(player_info())
    info.show_list(a_list())
    info.update(Button.SUBSCRIBE, "a", True)
    assert len(told) == 3
    remove()
    info.show(player_info())
    assert len(told) == 3
