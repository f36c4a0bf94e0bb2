"""The languages the service answers in."""

from enum import StrEnum


class Lang(StrEnum):
    """Languages the skills answer in."""

    EN = "en"
    KO = "ko"
    JA = "ja"
