"""The multipart reader alone, fed as reads come from a connection."""

from collections.abc import Iterable
import os
from time import process_time_ns

from .library import multipart

_READ = 16 * 1024
_DELIMITER = b"\r\n--boundary"
_HEADERS = b"\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
_SMALL_PART = _HEADERS + b"{" + b"x" * 600 + b"}" + _DELIMITER


def small_part(count: int) -> float:
    """Return seconds of CPU per part of 700 bytes, each a read of its own, its type looked at."""
    reader = _reader()
    return _cpu(reader, [_SMALL_PART] * count) / count


def gigabyte_of_sound(size: int) -> float:
    """Return seconds of CPU for a gigabyte, from a sample of so many random bytes."""
    reader = _reader()
    reader.feed(b"\r\nContent-Type: application/octet-stream\r\nContent-ID: <sound>\r\n\r\n")
    data = os.urandom(size)
    reads = [data[start : start + _READ] for start in range(0, size, _READ)]
    return _cpu(reader, reads) / size * 1e9


def _reader() -> multipart.MultipartReader:
    reader = multipart.MultipartReader(b"boundary")
    reader.feed(b"--boundary")
    return reader


def _cpu(reader: multipart.MultipartReader, reads: Iterable[bytes]) -> float:
    begun = process_time_ns()
    for data in reads:
        for event in reader.feed(data):
            if isinstance(event, multipart.PartBegin):
                _ = event.headers.content_type
    return (process_time_ns() - begun) / 1e9
