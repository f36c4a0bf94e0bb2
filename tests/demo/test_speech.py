"""What is accepted as speech, and how it is cut."""

from pathlib import Path
import wave

import pytest

from script.demo.failure import Failure
from script.demo.speech import FRAME_BYTES, RATE, Speech, read_wav, synthesize

LOUD = (8_000).to_bytes(2, "little")


def write_wav(
    path: Path, *, rate: int = RATE, channels: int = 1, width: int = 2, seconds: float = 0.1
) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setframerate(rate)
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.writeframes(bytes(int(rate * seconds) * channels * width))
    return path


def test_reads_what_it_is_given(tmp_path: Path) -> None:
    assert len(read_wav(write_wav(tmp_path / "a.wav")).samples) == RATE // 10 * 2


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ({"rate": 44_100}, "44100 Hz"),
        ({"channels": 2}, "2 channel"),
        ({"width": 1}, "8 bits"),
        ({"seconds": 0}, "no sound"),
        ({"seconds": 61}, "longer than 60 seconds"),
    ],
)
def test_refuses_other_forms(tmp_path: Path, form: dict[str, int], complaint: str) -> None:
    path = write_wav(tmp_path / "a.wav", **form)
    with pytest.raises(Failure, match=complaint):
        read_wav(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 and so on", bytes(100)])
def test_refuses_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(Failure, match="not a PCM WAV file"):
        read_wav(path)


def test_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="There is no file .*nowhere"):
        read_wav(tmp_path / "nowhere.wav")
    with pytest.raises(Failure, match="cannot be read"):
        read_wav(tmp_path)


def test_a_room_is_around_the_voice() -> None:
    speech = Speech(samples=LOUD * RATE + bytes(RATE))
    frames = speech.frames
    assert all(len(frame) == FRAME_BYTES for frame in frames)
    seconds = len(frames) * FRAME_BYTES / 2 / RATE
    assert seconds == pytest.approx(0.2 + 1.5 + 1.0, abs=0.02)
    # the voice ends before its file does
    assert speech.last_spoken_frame == int((0.2 + 1.0) * RATE * 2) // FRAME_BYTES - 1


def test_silence_ends_with_its_last_frame() -> None:
    speech = Speech(samples=bytes(RATE))
    assert speech.last_spoken_frame == len(speech.frames) - 1


async def test_flite_speaks(tmp_path: Path) -> None:
    speech = await synthesize("two", tmp_path / "two.wav")
    assert len(speech.samples) > RATE // 2
