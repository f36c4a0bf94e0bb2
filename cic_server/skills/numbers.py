"""Numbers as words: English both ways, Korean and Japanese as far as the answers need them."""

from fractions import Fraction
import re

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

# Decimals shown of a number that has no end.
SHOWN_DECIMALS = 3


def english(number: int) -> str:
    """Return 0 to 999 in words."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f" {_ONES[ones]}" if ones else "")
    hundreds, rest = divmod(number, 100)
    return f"{_ONES[hundreds]} hundred" + (f" {english(rest)}" if rest else "")


_WORDS = {english(number): number for number in range(100)} | {
    "a hundred": 100,
    "one hundred": 100,
    "hundred": 100,
}

_KOREAN_COUNTS = [
    "한",
    "두",
    "세",
    "네",
    "다섯",
    "여섯",
    "일곱",
    "여덟",
    "아홉",
    "열",
    "열한",
    "열두",
]
_KOREAN_WORDS = {word: index for index, word in enumerate(_KOREAN_COUNTS, 1)} | {
    "하나": 1,
    "둘": 2,
    "셋": 3,
    "넷": 4,
}
_JAPANESE_COUNTS = {
    "一": 1,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
}
_JAPANESE_COUNTS |= {"ひと": 1, "ふた": 2, "みっ": 3, "よっ": 4, "いつ": 5}


def parse(text: str) -> Fraction | None:
    """Return a number written in digits or English words."""
    words = text.strip()
    negative = False
    for prefix in ("minus ", "negative ", "-"):
        if words.startswith(prefix):
            negative, words = True, words.removeprefix(prefix).strip()
            break
    if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", words):
        number = Fraction(words)
    else:
        found = _WORDS.get(words.replace("-", " ").replace(" and ", " "))
        if found is None:
            return None
        number = Fraction(found)
    return -number if negative else number


def find_count(text: str) -> int | None:
    """Return the count in a reply such as "three please", "2 개", "三枚"; None without one."""
    if digits := re.search(r"\d{1,4}", text):
        return int(digits.group())
    words = text.replace("-", " ").split()
    for size in (3, 2, 1):
        for start in range(len(words) - size + 1):
            found = _WORDS.get(" ".join(words[start : start + size]))
            if found is not None:
                return found
    for word in words:
        for stem, value in sorted(_KOREAN_WORDS.items(), key=lambda item: -len(item[0])):
            if word.startswith(stem):
                return value
    return next((value for stem, value in _JAPANESE_COUNTS.items() if stem in text), None)


def korean_hour(hour: int) -> str:
    """Return an hour from 1 to 12 in native Korean."""
    return _KOREAN_COUNTS[hour - 1]


def shown(number: Fraction) -> str:
    """Return a number as digits: whole, a short decimal, or a fraction with its value."""
    if number.denominator == 1:
        return str(number.numerator)
    scaled = number * 10**SHOWN_DECIMALS
    if scaled.denominator == 1:
        return f"{float(number):.{SHOWN_DECIMALS}f}".rstrip("0")
    return f"{number.numerator}/{number.denominator}"


def approximation(number: Fraction) -> str | None:
    """Return the rounded value of a number that `shown` gives as a fraction."""
    if "/" not in shown(number):
        return None
    return f"{float(number):.{SHOWN_DECIMALS}f}"


_KANA_DIGITS = ["ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"]
_KANA_HUNDREDS = {3: "さんびゃく", 6: "ろっぴゃく", 8: "はっぴゃく"}
_KANA_THOUSANDS = {3: "さんぜん", 8: "はっせん"}


def kana(number: int) -> str:
    """Return 0 to 9999 in kana; larger numbers digit by digit."""
    if number == 0:
        return _KANA_DIGITS[0]
    if number > 9999:
        return "".join(_KANA_DIGITS[int(digit)] for digit in str(number))
    thousands, rest = divmod(number, 1000)
    hundreds, rest = divmod(rest, 100)
    tens, ones = divmod(rest, 10)
    parts = [
        _kana_place(thousands, "せん", _KANA_THOUSANDS),
        _kana_place(hundreds, "ひゃく", _KANA_HUNDREDS),
        _kana_place(tens, "じゅう", {}),
        _KANA_DIGITS[ones] if ones else "",
    ]
    return "".join(parts)


def _kana_place(digit: int, unit: str, irregular: dict[int, str]) -> str:
    if digit == 0:
        return ""
    if digit == 1:
        return unit
    return irregular.get(digit, _KANA_DIGITS[digit] + unit)


def kana_value(number: Fraction) -> str:
    """Return any number in kana."""
    sign = "マイナス" if number < 0 else ""
    size = abs(number)
    if size.denominator == 1:
        return sign + kana(size.numerator)
    whole, _, decimals = (approximation(size) or shown(size)).partition(".")
    digits = "".join(_KANA_DIGITS[int(digit)] for digit in decimals)
    return f"{sign}{kana(int(whole))}てん{digits}"
