"""The grammar of CIC's User-Agent ("Preparation"): Manufacturer/Product/Version (OS;HW;key=value)."""

import re

_WORD = r"[A-Za-z0-9_.-]+(?:[A-Za-z0-9_. -]*[A-Za-z0-9_.-])?"
_TAIL = r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*"
USER_AGENT = re.compile(
    rf"{_WORD} ?/ ?{_WORD} ?/ ?\d+\.\d+\.\d+(?:-{_TAIL})?(?:\+{_TAIL})? ?"
    rf"\({_WORD} ?; ?{_WORD}(?: ?; ?[A-Za-z0-9_.-]+=[A-Za-z0-9_.%-]+)*\)"
)
