"""The player of the demonstration: what is expected of it, and what it tells."""

from pathlib import Path

import pytest

from script.demo.failure import Failure
from script.demo.player import PASSED_ON, Expected, Playing, look, start_player, watch
from script.demo.processes import Children
from script.demo.state import State, any_free

SONG = Playing(state="play", name="jazz-1", seconds=3.0)
LATER = Playing(state="play", name="jazz-1", seconds=4.5)
OTHER = Playing(state="play", name="jazz-2", seconds=0.2)
PAUSED = Playing(state="pause", name="jazz-1", seconds=3.0)
IDLE = Playing(state="stop", name=None, seconds=0.0)


@pytest.mark.parametrize(
    ("expected", "before", "now", "fits"),
    [
        (Expected(state="play"), IDLE, SONG, True),
        (Expected(state="play"), IDLE, Playing(state="play", name="x", seconds=0.0), False),
        (Expected(state="play"), IDLE, PAUSED, False),
        (Expected(state="play", other=False), SONG, LATER, True),
        (Expected(state="play", other=False), SONG, SONG, False),
        (Expected(state="play", other=False), SONG, OTHER, False),
        (Expected(state="play", other=True), SONG, OTHER, True),
        (Expected(state="play", other=True), SONG, LATER, False),
        (Expected(state="pause", other=False), SONG, PAUSED, True),
        (Expected(state="stop"), SONG, IDLE, True),
        (Expected(state="stop"), SONG, PAUSED, False),
    ],
)
def test_what_is_expected(expected: Expected, before: Playing, now: Playing, *, fits: bool) -> None:
    assert expected.fits(before, now) is fits


def test_what_is_shown() -> None:
    titles = {"jazz-1": "Blue Wave"}
    assert SONG.as_text(titles) == "play   Blue Wave, at 3.0 s"
    assert OTHER.as_text(titles) == f"play   {PASSED_ON}, at 0.2 s"
    assert IDLE.as_text(titles) == "stop"


@pytest.mark.usefixtures("socket_enabled")
async def test_mpd_is_started_watched_and_ended(tmp_path: Path) -> None:
    state = State(tmp_path)
    with state.locked():
        async with Children() as children:
            port = await start_player(state, children)
            assert await look(port) == IDLE
            assert await watch(port, IDLE, Expected(state="stop")) == (IDLE, True)
        assert await look(port) is None


async def test_without_mpd_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure, match="no mpd"):
        await start_player(State(tmp_path), Children())


@pytest.mark.usefixtures("socket_enabled")
async def test_nobody_answers() -> None:
    assert await look(any_free()) is None
