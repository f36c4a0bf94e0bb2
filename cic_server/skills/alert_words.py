"""What is said about alerts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cic_server.alerts.book import Alert, AlertType, Repeat
from cic_server.lang import Lang

from .base import Phrase
from .clock import kana_hour, kana_minutes, time_of_day
from .numbers import kana

type Texts = Mapping[Lang, Phrase]

_NAMES: dict[AlertType, dict[Lang, str]] = {
    AlertType.ALARM: {Lang.EN: "alarm", Lang.KO: "알람", Lang.JA: "アラーム"},
    AlertType.TIMER: {Lang.EN: "timer", Lang.KO: "타이머", Lang.JA: "タイマー"},
    AlertType.REMINDER: {Lang.EN: "reminder", Lang.KO: "리마인더", Lang.JA: "リマインダー"},
    AlertType.ACTIONTIMER: {
        Lang.EN: "action timer",
        Lang.KO: "예약 동작",
        Lang.JA: "アクションタイマー",
    },
}
NOTHING_RINGS: Texts = {
    Lang.EN: Phrase(text="Nothing is ringing."),
    Lang.KO: Phrase(text="울리고 있는 알람이 없습니다."),
    Lang.JA: Phrase(text="何も鳴っていません。", spoken="なにも なって いません。"),
}
NOT_UNDERSTOOD_WHEN: Texts = {
    Lang.EN: Phrase(text="I did not understand when."),
    Lang.KO: Phrase(text="언제인지 이해하지 못했습니다."),
    Lang.JA: Phrase(text="いつなのか、わかりませんでした。"),
}
# What a timer says by its address, where settings have it say something.
TIMER_OVER: Texts = {
    Lang.EN: Phrase(text="The timer is over."),
    Lang.KO: Phrase(text="타이머가 끝났습니다."),
    Lang.JA: Phrase(text="タイマーが終わりました。", spoken="タイマーが おわり ました。"),
}


def _joined(*parts: Phrase) -> Phrase:
    return Phrase(
        text="".join(part.text for part in parts),
        spoken="".join(part.to_speak for part in parts),
    )


def _ends_in_consonant(word: str) -> bool:
    """Whether a Korean word takes 을 and 이, not 를 and 가 (Hangul syllables, Unicode 3.12)."""
    return (ord(word[-1]) - 0xAC00) % 28 != 0


def span_words(span: timedelta, lang: Lang) -> Phrase:
    """Return a span in its units: "1 hour 30 minutes"."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    match lang:
        case Lang.EN:
            units = ((hours, "hour"), (minutes, "minute"), (seconds, "second"))
            parts = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in units if count]
            return Phrase(text=" ".join(parts))
        case Lang.KO:
            korean = ((hours, "시간"), (minutes, "분"), (seconds, "초"))
            return Phrase(text=" ".join(f"{count}{unit}" for count, unit in korean if count))
        case Lang.JA:
            parts_ja = (
                (hours, "時間", f"{kana_hour(hours)}じかん"),
                (minutes, "分", kana_minutes(minutes) if minutes else ""),
                (seconds, "秒", f"{kana(seconds)}びょう"),
            )
            return Phrase(
                text="".join(f"{count}{unit}" for count, unit, _ in parts_ja if count),
                spoken=" ".join(words for count, _, words in parts_ja if count),
            )


def _when_words(alert: Alert) -> Phrase:
    if alert.span is not None and alert.type != AlertType.REMINDER:
        return span_words(alert.span, alert.lang)
    if alert.moment is None:
        return Phrase(text=str(alert.payload.get("scheduledTime")))
    return moment_words(alert.moment, alert.repeat, alert.lang)


def moment_words(moment: datetime, repeat: Repeat | None, lang: Lang) -> Phrase:
    """Return a time of day, and whether it comes again."""
    time = time_of_day(moment, lang)
    if repeat is None:
        return time
    is_daily = not repeat.days
    match lang:
        case Lang.EN:
            return _joined(time, Phrase(text=" every day" if is_daily else " every week"))
        case Lang.KO:
            return _joined(Phrase(text="매일 " if is_daily else "매주 "), time)
        case Lang.JA:
            every = ("毎日", "まいにち ") if is_daily else ("毎週", "まいしゅう ")
            return _joined(Phrase(text=every[0], spoken=every[1]), time)


def name_of(kind: str, lang: Lang) -> str:
    """Return what a type of alert is called."""
    known = kind if kind in AlertType.__members__ else AlertType.ALARM
    return _NAMES[AlertType(known)][lang]


def confirmation(alert: Alert) -> Phrase:
    """Say that an alert is set (the answer to SetAlertSucceeded)."""
    when, name = _when_words(alert), name_of(alert.type, alert.lang)
    match alert.lang:
        case Lang.EN:
            return _joined(Phrase(text=f"The {name} is set for "), when, Phrase(text="."))
        case Lang.KO:
            end = "을" if _ends_in_consonant(name) else "를"
            return _joined(when, Phrase(text=f" {name}{end} 설정했습니다."))
        case Lang.JA:
            is_span = alert.span is not None and alert.type != AlertType.REMINDER
            particle = "の" if is_span else "に"
            end = f"{particle}{name}をセットしました。"
            return _joined(when, Phrase(text=end, spoken=f" {particle} {name}を セット しました。"))


def not_set(kind: str, lang: Lang) -> Phrase:
    """Say that an alert could not be set (the answer to SetAlertFailed)."""
    name = name_of(kind, lang)
    return {
        Lang.EN: Phrase(text=f"The {name} could not be set."),
        Lang.KO: Phrase(text=f"{name} 설정에 실패했습니다."),
        Lang.JA: Phrase(
            text=f"{name}をセットできませんでした。", spoken=f"{name}を セット できません でした。"
        ),
    }[lang]


def not_deleted(kind: str, lang: Lang) -> Phrase:
    """Say that an alert could not be deleted (the answer to DeleteAlertFailed)."""
    name = name_of(kind, lang)
    return {
        Lang.EN: Phrase(text=f"The {name} could not be cancelled."),
        Lang.KO: Phrase(text=f"{name} 취소에 실패했습니다."),
        Lang.JA: Phrase(
            text=f"{name}を取り消せませんでした。", spoken=f"{name}を とりけせません でした。"
        ),
    }[lang]


def cancelled(kind: AlertType, count: int, lang: Lang) -> Phrase:
    """Say that alerts are cancelled, or that there is none."""
    name = _NAMES[kind][lang]
    if not count:
        return none_set(kind, lang)
    match lang:
        case Lang.EN:
            are = f"{name} is" if count == 1 else f"{name}s are"
            return Phrase(text=f"The {are} cancelled.")
        case Lang.KO:
            return Phrase(text=f"{name} {count}개를 취소합니다.")
        case Lang.JA:
            return Phrase(
                text=f"{name}を{count}件取り消します。",
                spoken=f"{name}を {kana(count)}けん とりけし ます。",
            )


def none_set(kind: AlertType, lang: Lang) -> Phrase:
    """Say that there is none."""
    name = _NAMES[kind][lang]
    particle = "이" if _ends_in_consonant(name) else "가"
    return {
        Lang.EN: Phrase(text=f"No {name} is set."),
        Lang.KO: Phrase(text=f"설정된 {name}{particle} 없습니다."),
        Lang.JA: Phrase(text=f"{name}はありません。", spoken=f"{name}わ ありません。"),
    }[lang]


def listed(kind: AlertType, alerts: Sequence[Alert], lang: Lang) -> Phrase:
    """Say what is set."""
    if not alerts:
        return none_set(kind, lang)
    name, count = _NAMES[kind][lang], len(alerts)
    times = [
        moment_words(alert.moment, alert.repeat, lang)
        for alert in alerts[:MAX_SAID]
        if alert.moment is not None
    ]
    match lang:
        case Lang.EN:
            are = f"is 1 {name}" if count == 1 else f"are {count} {name}s"
            return _joined(Phrase(text=f"There {are}: "), _listing(times, ", "), Phrase(text="."))
        case Lang.KO:
            head = Phrase(text=f"{name} {count}개: ")
            return _joined(head, _listing(times, ", "), Phrase(text="."))
        case Lang.JA:
            head = Phrase(
                text=f"{name}は{count}件です。", spoken=f"{name}わ {kana(count)}けん です。"
            )
            return _joined(head, _listing(times, "、"), Phrase(text="。"))


# Of a longer list only the nearest are said; the template shows all.
MAX_SAID = 5


def _listing(times: Sequence[Phrase], between: str) -> Phrase:
    return Phrase(
        text=between.join(time.text for time in times),
        spoken=", ".join(time.to_speak for time in times),
    )
