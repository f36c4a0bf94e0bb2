"""The sounds the client has itself: what the script makes is what is shipped, and can be repeated."""

import array
import asyncio
from pathlib import Path

from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic.playback.sound.bells import Bell, async_bell, async_setup_bells
from custom_components.clova_cic.playback.sound.mp3 import Frame, frames, length
from custom_components.clova_cic.playback.web.convert import Encoding
from script import bells

from .tones import ffmpeg, heard

LARGEST = 40 * 1024
# What is silent, of 32767.
QUIET = 60


def decoded(sound: bytes) -> array.array[int]:
    raw = ("-f", "s16le", "-ar", str(bells.RATE), "-ac", "1", "pipe:1")
    return array.array("h", ffmpeg("-f", "mp3", "-i", "pipe:0", *raw, feed=sound))


def shipped(bell: Bell) -> bytes:
    return (bells.FOLDER / f"{bell}.mp3").read_bytes()


def test_one_for_each() -> None:
    assert {Path(one.name).stem for one in bells.FOLDER.glob("*.mp3")} == set(Bell)
    assert set(bells.BELLS) == set(Bell)


@pytest.mark.parametrize("bell", Bell)
def test_what_is_shipped(bell: Bell) -> None:
    """Another encoder may put other bytes: what is heard is the same."""
    made, sound = bells.mp3(bells.BELLS[bell]), shipped(bell)
    assert heard(made) == heard(sound)
    assert length(sound) == pytest.approx(bells.BELLS[bell].seconds, abs=0.15)
    assert len(sound) < LARGEST
    wanted = Encoding.like(None)
    for data, frame in frames(sound):
        assert (frame.rate, frame.channels) == (wanted.rate, wanted.channels)
        assert Frame.parse(data) == frame
    assert b"".join(data for data, _ in frames(sound)) == sound


@pytest.mark.parametrize("bell", Bell)
def test_repeated_without_a_click(bell: Bell) -> None:
    """It begins and ends in silence, and where one joins the next there is no edge."""
    samples = decoded(shipped(bell))
    assert max(map(abs, samples[:120])) < QUIET
    assert max(map(abs, samples[-bells.RATE // 5 :])) < QUIET
    assert max(map(abs, samples)) > 8000
    seam = decoded(shipped(bell) * 2)
    middle = len(seam) // 2
    around = seam[middle - bells.RATE // 10 : middle + bells.RATE // 50]
    assert max(map(abs, around)) < QUIET


def test_told_apart() -> None:
    """By their tones."""
    sounds = [tuple(one.hertz for one in heard(shipped(bell)) if one.hertz) for bell in Bell]
    assert len(set(sounds)) == len(Bell)


@pytest.mark.parametrize(
    ("address", "bell"),
    [
        ("clova://alert/bell/reminder", Bell.REMINDER),
        ("clova://alert/bell/ALARM", Bell.ALARM),
        ("CLOVA://alert/bell/actiontimer", Bell.ACTIONTIMER),
        ("clova://notifier/sound/default", Bell.NOTIFICATION),
        ("clova://alert/bell/gong", Bell.TIMER),
        ("clova://alert/bell/reminder/x", Bell.TIMER),
        ("clova://notifier/sound/other", Bell.TIMER),
        ("clova://[", Bell.TIMER),
        ("clova://", Bell.TIMER),
    ],
)
def test_by_address(address: str, bell: Bell) -> None:
    assert Bell.at(address, Bell.TIMER) is bell


async def test_read_beside_the_loop(hass: HomeAssistant) -> None:
    """The detector of blocking calls is on."""
    await async_setup_bells(hass)
    for bell in Bell:
        assert async_bell(hass, bell) == await asyncio.to_thread(shipped, bell)
