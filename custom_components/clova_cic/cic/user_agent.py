"""The User-Agent every CIC request needs, and its grammar (Preparation)."""

import re

_WORD = r"[A-Za-z0-9_.-]+"
_NAME = rf"{_WORD}(?: +{_WORD})*"
_LABEL = r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*"
_VERSION = rf"\d+\.\d+\.\d+(?:-{_LABEL})?(?:\+{_LABEL})?"
_EXTRA = r"[A-Za-z0-9_.-]+=[A-Za-z0-9_.%-]+"
_GRAMMAR = re.compile(
    rf"{_NAME} ?/ ?{_NAME} ?/ ?{_VERSION} ?\({_NAME} ?; ?{_NAME}(?: ?; ?{_EXTRA})*\)"
)
# Far above any real one; keeps the expression away from absurd input.
_LONGEST = 512

DEFAULT_USER_AGENT = "HomeAssistant/clova_cic/0.1.0 (HomeAssistant 2026.10;generic)"


def is_valid_user_agent(value: str) -> bool:
    """Tell whether a value is Manufacturer/Product/n.n.n (OS;hardware{;key=value})."""
    return len(value) <= _LONGEST and _GRAMMAR.fullmatch(value) is not None
