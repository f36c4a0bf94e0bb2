"""The device itself by voice or text: only what its `actions` list is ordered (CIC Device.DeviceState)."""

from collections.abc import Mapping
import re

from cic_server.device.orders import device_order
from cic_server.lang import Lang
from cic_server.messages import Directive

from .base import Answer, Phrase, Skill, Utterance
from .when import with_digits

_NOT_SUPPORTED = {
    Lang.EN: Phrase(text="This device cannot do that."),
    Lang.KO: Phrase(text="이 기기에서는 지원하지 않습니다."),
    Lang.JA: Phrase(text="このデバイスではできません。", spoken="この デバイスでわ できません。"),
}

type Patterns = Mapping[Lang, re.Pattern[str]]


def _patterns(en: str, ko: str, ja: str) -> Patterns:
    return {
        Lang.EN: re.compile(rf"(?:please )?(?:{en})(?: please)?"),
        Lang.KO: re.compile(ko),
        Lang.JA: re.compile(ja),
    }


_LEVELS = (
    (
        "volume",
        "Increase",
        _patterns(
            r"(?:turn )?(?:the )?volume up(?: by (?P<by>\d+))?|turn up the volume|turn it up|louder",
            r".*(?:볼륨|소리|음량)\D*(?:올려|키워|높여|크게)\D*|더 크게",
            r".*(?:音量|ボリューム)\D*(?:上げ|あげ|大きく)\D*",
        ),
    ),
    (
        "volume",
        "Decrease",
        _patterns(
            r"(?:turn )?(?:the )?volume down(?: by (?P<by>\d+))?|turn down the volume|turn it down"
            r"|quieter|softer",
            r".*(?:볼륨|소리|음량)\D*(?:내려|줄여|낮춰|작게)\D*|더 작게",
            r".*(?:音量|ボリューム)\D*(?:下げ|さげ|小さく)\D*",
        ),
    ),
    (
        "volume",
        "SetValue",
        _patterns(
            r"(?:set )?(?:the )?volume (?:to |at )?(?P<to>\d+)",
            r".*(?:볼륨|소리|음량)\D*(?P<to>\d+).*",
            r".*(?:音量|ボリューム)\D*(?P<to>\d+).*",
        ),
    ),
    (
        "screenbrightness",
        "Increase",
        _patterns(
            r"brighter|(?:make )?the screen brighter|brighten the screen",
            r".*(?:화면|밝기)\D*(?:밝게|올려|높여)\D*|더 밝게",
            r".*(?:画面|明るさ)\D*(?:明るく|上げ)\D*",
        ),
    ),
    (
        "screenbrightness",
        "Decrease",
        _patterns(
            r"darker|(?:make )?the screen darker|dim the screen",
            r".*(?:화면|밝기)\D*(?:어둡게|내려|낮춰)\D*|더 어둡게",
            r".*(?:画面|明るさ)\D*(?:暗く|下げ)\D*",
        ),
    ),
    (
        "screenbrightness",
        "SetValue",
        _patterns(
            r"(?:set )?(?:the )?(?:screen )?brightness (?:to |at )?(?P<to>\d+)(?: percent)?",
            r".*(?:화면|밝기)\D*(?P<to>\d+).*",
            r".*(?:画面|明るさ)\D*(?P<to>\d+).*",
        ),
    ),
    (
        "channel",
        "Increase",
        _patterns(
            r"(?:next channel|channel up)", r".*(?:다음 ?채널|채널\D*올려).*", r".*次のチャンネル.*"
        ),
    ),
    (
        "channel",
        "Decrease",
        _patterns(
            r"(?:previous channel|channel down)",
            r".*(?:이전 ?채널|채널\D*내려).*",
            r".*前のチャンネル.*",
        ),
    ),
    (
        "channel",
        "SetValue",
        _patterns(
            r"(?:switch to |turn to )?channel (?P<to>\d+)",
            r".*채널\D*(?P<to>\d+).*|.*?(?P<to2>\d+) ?번.*",
            r".*チャンネル\D*(?P<to>\d+).*|.*?(?P<to2>\d+)チャンネル.*",
        ),
    ),
)
# Names of switches: target -> what is said, and what is answered.
_SWITCHES: dict[str, dict[Lang, str]] = {
    "airplane": {Lang.EN: "airplane mode", Lang.KO: "비행기 모드", Lang.JA: "機内モード"},
    "bluetooth": {Lang.EN: "bluetooth", Lang.KO: "블루투스", Lang.JA: "ブルートゥース"},
    "cellular": {Lang.EN: "mobile data", Lang.KO: "모바일 데이터", Lang.JA: "モバイルデータ"},
    "energysave": {Lang.EN: "energy saving", Lang.KO: "절전 모드", Lang.JA: "省エネモード"},
    "flashlight": {Lang.EN: "flashlight", Lang.KO: "손전등", Lang.JA: "懐中電灯"},
    "gps": {Lang.EN: "gps", Lang.KO: "위치 정보", Lang.JA: "位置情報"},
    "silent": {Lang.EN: "silent mode", Lang.KO: "무음 모드", Lang.JA: "サイレントモード"},
    "vibrate": {Lang.EN: "vibration", Lang.KO: "진동", Lang.JA: "バイブ"},
    "wifi": {Lang.EN: "wifi", Lang.KO: "와이파이", Lang.JA: "ワイファイ"},
}
_ALSO = {
    "wi-fi": "wifi",
    "wi fi": "wifi",
    "flash light": "flashlight",
    "torch": "flashlight",
    "flight mode": "airplane mode",
    "power saving": "energy saving",
    "bluetooth audio": "bluetooth",
    "블루 투스": "블루투스",
    "비행 모드": "비행기 모드",
}
_ON_OFF = {
    Lang.EN: re.compile(
        r"(?:please )?(?:turn|switch) (?:(?P<state>on|off)(?: the)? (?P<name>.+)"
        r"|(?:the )?(?P<name2>.+) (?P<state2>on|off))"
    ),
    Lang.KO: re.compile(r"(?P<name>.+?)(?:를|을)? ?(?:(?P<on>켜)|끄|꺼).*"),
    Lang.JA: re.compile(r"(?P<name>.+?)(?:を)?(?:(?P<on>つけて|オン)|消して|けして|切って|オフ).*"),
}
_BLUETOOTH = (
    (
        "BtConnect",
        _patterns(
            "connect(?: the)? bluetooth",
            r".*블루투스.*연결(?!.*(?:끊|해제)).*",
            r".*ブルートゥース.*(?:つないで|接続して).*",
        ),
    ),
    (
        "BtDisconnect",
        _patterns(
            "disconnect(?: the)? bluetooth",
            r".*블루투스.*(?:끊|해제).*",
            r".*ブルートゥース.*切断.*",
        ),
    ),
    (
        "BtStartPairing",
        _patterns(
            "pair(?: the)? bluetooth|start pairing",
            r".*페어링.*(?:시작|해 ?줘).*",
            r".*ペアリング.*(?:開始|始め).*",
        ),
    ),
    (
        "BtStopPairing",
        _patterns(
            "stop pairing", r".*페어링.*(?:중지|그만|취소).*", r".*ペアリング.*(?:中止|やめ).*"
        ),
    ),
)
_OPEN = (
    (
        "settings",
        _patterns(
            "(?:open|show)(?: the)? settings", r".*설정.*(?:열어|보여).*", r".*設定.*(?:開|見せ).*"
        ),
    ),
    (
        "home",
        _patterns(
            "(?:go to |open |show )?(?:the )?home screen", r".*홈 ?화면.*", r".*ホーム画面.*"
        ),
    ),
)


def set_level(asked: Utterance) -> Answer | None:
    """Change volume, brightness or channel; a value is a text on the wire."""
    text = with_digits(asked.text, asked.lang)
    for target, command, patterns in _LEVELS:
        found = patterns[asked.lang].fullmatch(text)
        if found is None:
            continue
        parts = found.groupdict()
        number = next((parts[key] for key in ("to", "to2", "by") if parts.get(key)), None)
        payload = {"target": target}
        if number is not None:
            value = min(int(number), _MOST) if len(number) <= len(str(_MOST)) else _MOST
            if command == "SetValue":
                value = asked.remote.device.clamped(target, value)
            payload["value"] = str(value)
        # No words with a volume: the device shows or sounds it by itself ("DeviceControl").
        phrase = None if target == "volume" else _changed(asked.lang)
        return _order(asked, target, device_order(command, **payload), phrase)
    return None


# No volume, brightness or channel is beyond.
_MOST = 9_999


def switch(asked: Utterance) -> Answer | None:
    """Turn one of the device's own switches on or off; the home's things are not its own."""
    found = _ON_OFF[asked.lang].fullmatch(asked.text)
    if found is None:
        return None
    parts = found.groupdict()
    name = (parts["name"] or parts["name2"]).strip()
    name = _ALSO.get(name, name)
    target = next((each for each, names in _SWITCHES.items() if names[asked.lang] == name), None)
    if target is None:
        return None
    is_on = parts.get("on") is not None or "on" in (parts.get("state"), parts.get("state2"))
    order = device_order("TurnOn" if is_on else "TurnOff", target=target)
    return _order(asked, target, order, _switched(name, asked.lang, is_on=is_on))


def connect(asked: Utterance) -> Answer | None:
    """Pair, connect or disconnect by Bluetooth."""
    for command, patterns in _BLUETOOTH:
        if patterns[asked.lang].fullmatch(asked.text):
            return _order(asked, "bluetooth", device_order(command), _changed(asked.lang))
    return None


def open_place(asked: Utterance) -> Answer | None:
    """Open the settings or the home screen; no state tells whether it can."""
    for target, patterns in _OPEN:
        if patterns[asked.lang].fullmatch(asked.text):
            order = device_order("Open", target=target)
            return Answer(phrase=_changed(asked.lang), lang=asked.lang, orders=(order,))
    return None


def _order(asked: Utterance, target: str, order: Directive, phrase: Phrase | None) -> Answer:
    if not asked.remote.device.can(order.name, target):
        return Answer(phrase=_NOT_SUPPORTED[asked.lang], lang=asked.lang)
    return Answer(phrase=phrase, lang=asked.lang, orders=(order,))


def _changed(lang: Lang) -> Phrase:
    return {
        Lang.EN: Phrase(text="All right."),
        Lang.KO: Phrase(text="알겠습니다."),
        Lang.JA: Phrase(text="わかりました。"),
    }[lang]


def _switched(name: str, lang: Lang, *, is_on: bool) -> Phrase:
    match lang:
        case Lang.EN:
            return Phrase(text=f"Turning {name} {'on' if is_on else 'off'}.")
        case Lang.KO:
            return Phrase(text=f"{name} {'켤게요' if is_on else '끌게요'}.")
        case Lang.JA:
            spoken = _KANA.get(name, name)
            verb = ("オンにします", "オンに します") if is_on else ("オフにします", "オフに します")
            return Phrase(text=f"{name}を{verb[0]}。", spoken=f"{spoken}を {verb[1]}。")


_KANA = {
    "機内モード": "きない モード",
    "省エネモード": "しょうエネ モード",
    "懐中電灯": "かいちゅうでんとう",
    "位置情報": "いち じょうほう",
}

DEVICE_SKILLS = (
    Skill(
        name="volume, brightness, channel",
        match=set_level,
        examples=("turn the volume up", "volume seven", "brighter"),
        grammar=(
            "turn the volume (up | down)",
            "set the volume to <digit>",
        ),
    ),
    Skill(
        name="bluetooth",
        match=connect,
        examples=("connect bluetooth",),
        grammar=("connect bluetooth", "disconnect bluetooth"),
    ),
    Skill(name="open", match=open_place, examples=("open the settings",)),
    Skill(
        name="switches of the device",
        match=switch,
        examples=("turn on the flashlight", "turn off bluetooth"),
        grammar=("turn (on | off) (bluetooth | airplane mode | the flashlight)",),
    ),
)
