"""Enough of MPEG audio to see that bytes are sound: frame headers that follow one another."""

# MPEG-2 layer III bit rates in kbit/s and sampling rates in Hz, by header index.
_BITRATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = (22_050, 24_000, 16_000)


def frames_in(data: bytes) -> int:
    """Return how many frames follow one another from the first byte to the last."""
    count = offset = 0
    while offset < len(data):
        first, second, third = data[offset : offset + 3]
        assert first == 0xFF, f"no frame at {offset}"
        assert second & 0xF6 == 0xF2, "MPEG-2 layer III is expected"
        bitrate, rate = _BITRATES[third >> 4], _RATES[third >> 2 & 3]
        offset += 72_000 * bitrate // rate + (third >> 1 & 1)
        count += 1
    assert offset == len(data), "the last frame is cut"
    return count
