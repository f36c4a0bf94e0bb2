"""brand/: Home Assistant serves the pictures from there, and HACS looks for them."""

from pathlib import Path
import struct
from typing import Final

import pytest

from .files import INTEGRATION

FOLDER: Final = INTEGRATION / "brand"
NAMES: Final = {"icon.png", "icon@2x.png", "logo.png", "logo@2x.png"}
# Of the shorter side, in pixels: for screens, and for those twice as fine.
SHORTEST: Final = {1: (128, 256), 2: (256, 512)}


def size(path: Path) -> tuple[int, int]:
    """Return width and height of a PNG, as its header has them."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:])
    return width, height


def test_pictures_are_there() -> None:
    names = {path.name for path in FOLDER.iterdir()}
    assert names >= NAMES
    assert {name.removeprefix("dark_") for name in names} <= NAMES


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_size(path: Path) -> None:
    factor = 2 if path.stem.endswith("@2x") else 1
    width, height = size(path)
    if "icon" in path.name:
        assert (width, height) == (256 * factor, 256 * factor)
    else:
        assert width >= height
        least, most = SHORTEST[factor]
        assert least <= height <= most


@pytest.mark.parametrize("name", ["icon", "logo", "dark_logo"])
def test_both_sizes_show_the_same(name: str) -> None:
    width, height = size(FOLDER / f"{name}.png")
    twice = size(FOLDER / f"{name}@2x.png")
    assert abs(twice[0] / twice[1] - width / height) < 0.01
