"""The library on its own, as somebody without Home Assistant would import it.

Through its package it would bring Home Assistant's modules, whose memory is not measured here.
At the end of the path, because platforms are named like modules of the standard library.
"""

from pathlib import Path
import sys

sys.path.append(str(Path(__file__).resolve().parents[1] / "custom_components" / "clova_cic"))

import cic
from cic import connection, downchannel, fields, messages, multipart, streams, upload
from cic.interfaces import speech_recognizer

__all__ = [
    "cic",
    "connection",
    "downchannel",
    "fields",
    "messages",
    "multipart",
    "speech_recognizer",
    "streams",
    "upload",
]
