"""Alarms, timers, reminders and action timers by voice or text (CIC Alerts).

What is said is turned into SetAlert alone: that it is set is said when the client has confirmed it
(alerts/replies.py).
"""

from collections.abc import Iterable
from datetime import timedelta
import re
from uuid import uuid4

from cic_server.alerts.book import Alert, AlertType, scheduled
from cic_server.alerts.orders import (
    delete_alert,
    list_template,
    set_alert,
    spoken_assets,
    stop_alert,
)
from cic_server.lang import Lang

from .alert_words import NOT_UNDERSTOOD_WHEN, NOTHING_RINGS, TIMER_OVER, cancelled, listed
from .base import Answer, Skill, Utterance
from .when import When, find_span, find_when

_KINDS = {
    AlertType.ALARM: re.compile(r"alarm|알람|アラーム"),
    AlertType.ACTIONTIMER: re.compile(r"action timer|예약|アクション"),
    AlertType.TIMER: re.compile(r"timer|타이머|タイマー"),
    AlertType.REMINDER: re.compile(r"reminder|리마인더|リマインダー"),
}
_NAMES_EN = "(?:alarm|timer|reminder|action timer)"
_NAMES_KO = "(?:알람|타이머|리마인더|예약)"
_NAMES_JA = "(?:アラーム|タイマー|リマインダー|アクション)"

type Patterns = dict[Lang, re.Pattern[str]]


def _patterns(en: str, ko: str, ja: str) -> Patterns:
    return {
        Lang.EN: re.compile(rf"(?:please )?(?:{en})(?: please)?"),
        Lang.KO: re.compile(ko),
        Lang.JA: re.compile(ja),
    }


_LIST = _patterns(
    rf"(?:what|which) {_NAMES_EN}s are (?:there|set)|(?:show|list)(?: me)?(?: my| the| all)? {_NAMES_EN}s",
    rf"\D*{_NAMES_KO}\D*(?:뭐|무엇|목록|있|보여|알려)\D*",
    rf"\D*{_NAMES_JA}\D*(?:何|なに|ある|教え|一覧|見せ|リスト)\D*",
)
_DELETE = _patterns(
    rf"(?:cancel|delete|remove|clear)(?P<all> all)?(?: the| my)* {_NAMES_EN}s?",
    rf".*{_NAMES_KO}.*(?:취소|삭제|지워|없애).*",
    rf".*{_NAMES_JA}.*(?:取り消|とりけ|キャンセル|削除|消して).*",
)
_ALL = re.compile(r"\ball\b|모두|모든|전부|전체|すべて|全部|全て")
_STOP = _patterns(
    rf"(?:stop|turn off|silence)(?: the)? {_NAMES_EN}",
    rf".*{_NAMES_KO}.*(?:꺼|끄|멈춰|그만|정지).*",
    rf".*{_NAMES_JA}.*(?:止めて|とめて|停止|ストップ).*",
)
# What means an alert only while one rings.
_STOP_RINGING = _patterns(
    "(?:okay |ok )?stop(?: it)?|be quiet|shut up|turn it off",
    r".*(?:꺼|그만|멈춰|정지|조용).*",
    r".*(?:止めて|とめて|停止|ストップ|消して|静かに).*",
)
_REMINDER = _patterns(
    r"remind me (?P<when>.+?) (?:to|that|about) (?P<what>.+)"
    r"|remind me (?:to|that|about) (?P<what2>.+?) (?P<when2>(?:in|at|tomorrow|every) .+)",
    r"(?P<when>.+?(?:뒤에?|후에?|시에|분에|반에)) ?(?P<what>.+?)(?:하?라고|하게|도록|다고)? ?(?:알려|말해|상기).*",
    r"(?P<when>.+?(?:後に?|時に|分に|半に)) ?(?P<what>.+?)(?:すると|ように|って|と)?(?:リマインド|思い出させ|知らせ|教え).*",
)
_TIMER = _patterns(
    r"(?:set|start)(?: a| the)? timer(?: (?:for|of) (?P<when>.+))?|(?:set|start) a (?P<when2>.+) timer",
    r"(?P<when>.*?)(?:의|짜리)? ?타이머.*",
    r"(?P<when>.*?)の?タイマー.*",
)
_ACTION = _patterns(
    r"in (?P<when>.+? (?:seconds?|minutes?|hours?)) (?P<what>.+)",
    r"(?P<when>.+?(?:시간|분|초)) ?(?:뒤|후)에? ?(?P<what>.+)",
    r"(?P<when>.+?(?:時間|分|秒))後に?(?P<what>.+)",
)
_ALARM = _patterns(
    r"(?:set|make)(?: an| the)? alarm(?: (?P<when>(?:for|at|in|every) .+))?|wake me(?: up)? (?P<wake>.+)",
    r"(?P<when>.*?)(?:에)? ?알람.*|(?P<wake>.+)깨워.*",
    r"(?P<when>.*?)(?:に)?アラーム.*|(?P<wake>.+)起こして.*",
)


def _kind_in(text: str) -> AlertType:
    return next(kind for kind, pattern in _KINDS.items() if pattern.search(text))


def list_alerts(asked: Utterance) -> Answer | None:
    """Say and show what is set."""
    if not _LIST[asked.lang].fullmatch(asked.text):
        return None
    kind = _kind_in(asked.text)
    alerts = asked.remote.alerts.standing(kind)
    phrase = listed(kind, alerts, asked.lang)
    shown = (list_template(kind, alerts, phrase.text),) if alerts else ()
    return Answer(phrase=phrase, lang=asked.lang, orders=shown)


def delete(asked: Utterance) -> Answer | None:
    """Cancel the nearest alert of a kind, or all of it."""
    if not _DELETE[asked.lang].fullmatch(asked.text):
        return None
    kind = _kind_in(asked.text)
    alerts = asked.remote.alerts.standing(kind)
    meant = alerts if _ALL.search(asked.text) else alerts[:1]
    phrase = cancelled(kind, len(meant), asked.lang)
    orders = tuple(delete_alert(alert.reference) for alert in meant)
    return Answer(phrase=phrase, lang=asked.lang, orders=orders)


def stop(asked: Utterance) -> Answer | None:
    """Stop what rings; while something does, a plain "stop" means it."""
    ringing = asked.remote.alerts.ringing()
    if _STOP[asked.lang].fullmatch(asked.text):
        return _stopping(asked, ringing)
    if ringing and _STOP_RINGING[asked.lang].fullmatch(asked.text):
        return _stopping(asked, ringing)
    return None


def _stopping(asked: Utterance, ringing: Iterable[Alert]) -> Answer:
    orders = tuple(stop_alert(alert.reference) for alert in ringing)
    return Answer(
        phrase=None if orders else NOTHING_RINGS[asked.lang], lang=asked.lang, orders=orders
    )


def _part(found: re.Match[str], *names: str) -> str | None:
    parts = found.groupdict()
    return next((parts[name].strip() for name in names if parts.get(name)), None)


def set_reminder(asked: Utterance) -> Answer | None:
    """Set a reminder, which says what it reminds of."""
    found = _REMINDER[asked.lang].fullmatch(asked.text)
    when, what = (
        (None, None)
        if found is None
        else (_part(found, "when", "when2"), _part(found, "what", "what2"))
    )
    if when is None or what is None:
        return None
    moment = find_when(when, asked.lang, asked.now)
    if moment is None:
        return _not_when(asked)
    address = asked.player.addresses.said(what, asked.lang, asked.remote.voice)
    more = {"label": what} | spoken_assets(AlertType.REMINDER, address)
    return _set(asked, AlertType.REMINDER, moment, **more)


def set_timer(asked: Utterance) -> Answer | None:
    """Set a timer for a span."""
    found = _TIMER[asked.lang].fullmatch(asked.text)
    if found is None:
        return None
    span = find_span(_part(found, "when", "when2") or "", asked.lang)
    if span is None:
        return _not_when(asked)
    more = {}
    if asked.remote.settings().timer_speech:
        text = TIMER_OVER[asked.lang].to_speak
        address = asked.player.addresses.said(text, asked.lang, asked.remote.voice)
        more = spoken_assets(AlertType.TIMER, address)
    return _set(asked, AlertType.TIMER, When(moment=asked.now + span, span=span), **more)


def set_action(asked: Utterance) -> Answer | None:
    """Have something done after a span, as if it were said then."""
    found = _ACTION[asked.lang].fullmatch(asked.text)
    span = None if found is None else find_span(found["when"], asked.lang)
    if found is None or span is None:
        return None
    when = When(moment=asked.now + span, span=span)
    action = found["what"].strip()
    return _set(asked, AlertType.ACTIONTIMER, when, action=action, label=action)


def set_alarm(asked: Utterance) -> Answer | None:
    """Set an alarm, once or repeating."""
    found = _ALARM[asked.lang].fullmatch(asked.text)
    if found is None:
        return None
    wake = _part(found, "wake")
    when = find_when(
        wake or _part(found, "when") or "", asked.lang, asked.now, wakes=wake is not None
    )
    return _not_when(asked) if when is None else _set(asked, AlertType.ALARM, when)


def _not_when(asked: Utterance) -> Answer:
    return Answer(phrase=NOT_UNDERSTOOD_WHEN[asked.lang], lang=asked.lang)


def _set(
    asked: Utterance, kind: AlertType, when: When, *, action: str | None = None, **more: object
) -> Answer:
    # The wire has whole seconds only: never before its time.
    moment = (when.moment + timedelta(microseconds=999_999)).replace(microsecond=0)
    payload = {"token": str(uuid4()), "type": kind.value, "scheduledTime": scheduled(moment)}
    alert = Alert(
        payload=payload | more,
        lang=asked.lang,
        moment=moment,
        span=when.span,
        repeat=when.repeat,
        action=action,
        announces=True,
    )
    asked.remote.alerts.add(alert)
    return Answer(phrase=None, lang=asked.lang, orders=(set_alert(alert),))


ALERT_SKILLS = (
    Skill(
        name="what alerts are set",
        match=list_alerts,
        examples=("what alarms are set", "what timers are set"),
        grammar=("what (alarms | timers | reminders) are set",),
    ),
    Skill(
        name="cancel an alert",
        match=delete,
        examples=("cancel the alarm", "cancel all timers"),
        grammar=("cancel [all] the (alarm | alarms | timer | timers | reminder)",),
    ),
    Skill(
        name="stop what rings",
        match=stop,
        examples=("stop the alarm",),
        grammar=("stop the (alarm | timer | reminder)",),
    ),
    Skill(
        name="reminder",
        match=set_reminder,
        examples=("remind me in ten minutes to call mum",),
        grammar=("remind me in <span> about <word>",),
    ),
    Skill(
        name="timer",
        match=set_timer,
        examples=("set a timer for five minutes",),
        grammar=("set a timer for <span>",),
    ),
    Skill(
        name="action timer",
        match=set_action,
        examples=("in five minutes play music",),
        grammar=("in <span> (play music | stop the music | tell me the news)",),
    ),
    Skill(
        name="alarm",
        match=set_alarm,
        examples=("set an alarm for seven thirty", "wake me every day at seven"),
        grammar=(
            "set an alarm for <hour> [thirty | fifteen | forty five]",
            "wake me [up] [every day] at <hour> [thirty]",
        ),
    ),
)
