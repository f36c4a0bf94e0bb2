"""Music by voice: what is said is turned into what is ordered (music/jockey.py)."""

from collections.abc import Callable, Mapping
import re

from cic_server.lang import Lang
from cic_server.messages import Directive
from cic_server.music.catalogue import DEFAULT, PLAYLISTS, Playlist, track_of
from cic_server.music.jockey import control, go_back, play_from, resume, skip
from cic_server.music.orders import controller, player_info, update_like
from cic_server.music.player import Activity

from .base import Answer, Phrase, Skill, Utterance

NOTHING_PLAYS = {
    Lang.EN: Phrase(text="Nothing is playing."),
    Lang.KO: Phrase(text="재생 중인 음악이 없습니다."),
    Lang.JA: Phrase(text="何も再生していません。", spoken="なにも さいせい していません。"),
}
_NOT_PAUSED = {
    Lang.EN: Phrase(text="There is nothing to go on with."),
    Lang.KO: Phrase(text="이어서 재생할 음악이 없습니다."),
    Lang.JA: Phrase(
        text="続きから再生するものがありません。",
        spoken="つづきから さいせい する ものが ありません。",
    ),
}
_NOT_OURS = {
    Lang.EN: Phrase(text="I do not know this one."),
    Lang.KO: Phrase(text="모르는 곡입니다."),
    Lang.JA: Phrase(text="知らない曲です。", spoken="しらない きょく です。"),
}
_LIKED = {
    Lang.EN: Phrase(text="I will remember that you like it."),
    Lang.KO: Phrase(text="좋아하는 곡으로 기억하겠습니다."),
    Lang.JA: Phrase(text="お気に入りに入れました。", spoken="おきにいりに いれました。"),
}
_REPEATED = {
    Lang.EN: Phrase(text="Repeating this one."),
    Lang.KO: Phrase(text="이 곡을 반복합니다."),
    Lang.JA: Phrase(text="この曲を繰り返します。", spoken="この きょくを くりかえし ます。"),
}
_ONCE = {
    Lang.EN: Phrase(text="No more repeating."),
    Lang.KO: Phrase(text="반복을 끕니다."),
    Lang.JA: Phrase(text="繰り返しをやめます。", spoken="くりかえしを やめ ます。"),
}

_LISTS_EN = "|".join(PLAYLISTS)
_PLAY = {
    Lang.EN: re.compile(
        rf"(?:please )?play (?:me )?(?:some |the )?(?:music|(?P<list>{_LISTS_EN})(?: music| sounds)?)"
        r"(?: please)?"
    ),
    Lang.KO: re.compile(r".*(?:틀어|들려|재생해).*"),
    Lang.JA: re.compile(r".*(?:かけて|流して|ながして|再生して).*"),
}

type Words = Mapping[Lang, re.Pattern[str]]


def _words(en: str, ko: str, ja: str) -> Words:
    """Return patterns: the whole sentence in English, a word of it in the others."""
    return {
        Lang.EN: re.compile(rf"(?:please )?(?:{en})(?: please)?"),
        Lang.KO: re.compile(rf".*(?:{ko}).*"),
        Lang.JA: re.compile(rf".*(?:{ja}).*"),
    }


_ONE_EN = "(?:song|track|one)"
_NEXT = _words(
    rf"next(?: {_ONE_EN})?|play the next {_ONE_EN}|skip(?: this| the)?(?: {_ONE_EN})?",
    "다음 ?(?:곡|노래|음악)|건너",
    "次の曲|つぎの曲|次へ|スキップ",
)
_PREVIOUS = _words(
    rf"previous(?: {_ONE_EN})?|play the previous {_ONE_EN}|go back(?: one {_ONE_EN})?",
    "이전 ?(?:곡|노래|음악)|앞 ?곡",
    "前の曲|まえの曲",
)
_PAUSE = _words("pause(?: the)?(?: music)?", "일시 ?정지|잠깐 ?멈", "一時停止|ポーズ|いちじていし")
_RESUME = _words(
    "(?:resume|continue)(?: the)?(?: music)?|keep playing",
    "계속 ?(?:틀|재생|들려)|이어서|다시 ?재생",
    "再開|続けて|つづけて",
)
_STOP = _words(
    "stop(?: the)?(?: music| playing| playing music)?",
    "(?:음악|노래|재생).*(?:꺼|꺼 ?줘|그만|정지|멈춰)|그만|정지|멈춰",
    "(?:音楽|曲|再生).*(?:止めて|とめて|消して)|止めて|とめて|停止|ストップ",
)
_REPEAT = _words(
    rf"repeat (?:this|the) {_ONE_EN}",
    "(?:한 ?곡|이 ?곡|이 ?노래).*반복",
    "この曲を(?:繰り返|リピート)",
)
_NO_REPEAT = _words(
    "stop repeating|do not repeat|don't repeat|no more repeating",
    "반복.*(?:꺼|끄|그만|해제)",
    "(?:繰り返し|リピート).*(?:やめ|止め|解除)",
)
_MUTE = _words(
    "mute(?: the)?(?: music| sound)?|sound off", "음소거(?!.*해제)", "ミュート(?!.*解除)"
)
_UNMUTE = _words("unmute(?: the)?(?: music| sound)?|sound on", "음소거.*해제", "ミュート.*解除")
_LIKE = _words(
    rf"(?:i )?like this {_ONE_EN}", "(?:이 ?곡|이 ?노래).*좋아", "この曲(?:が|は)?好き|お気に入り"
)
_WHAT = _words(
    rf"what is playing(?: now)?|what {_ONE_EN} is this|what is this {_ONE_EN}",
    "(?:무슨|이) ?(?:곡|노래|음악).*(?:이야|뭐|나와|재생)",
    "(?:何の曲|なんの曲|曲名|この曲は(?:何|なに))",
)


def play_music(asked: Utterance) -> Answer | None:
    """Play a list: the first at once, the others after it."""
    found = _PLAY[asked.lang].fullmatch(asked.text)
    if found is None:
        return None
    playlist = _list_in(asked, found)
    orders = play_from(playlist.tracks[0], asked.player)
    return Answer(phrase=_playing(playlist, asked.lang), lang=asked.lang, orders=tuple(orders))


def _list_in(asked: Utterance, found: re.Match[str]) -> Playlist:
    if asked.lang is Lang.EN:
        return PLAYLISTS[found["list"]] if found["list"] else DEFAULT
    for playlist in PLAYLISTS.values():
        if (playlist.ko if asked.lang is Lang.KO else playlist.ja) in asked.text:
            return playlist
    return DEFAULT


def _playing(playlist: Playlist, lang: Lang) -> Phrase:
    match lang:
        case Lang.EN:
            return Phrase(text=f"Playing {playlist.title}.")
        case Lang.KO:
            return Phrase(text=f"{playlist.ko} 틀어 드릴게요.")
        case Lang.JA:
            return Phrase(
                text=f"{playlist.ja}をかけます。", spoken=f"{playlist.ja_spoken}を かけます。"
            )


type Orders = list[Directive] | None


def _skill(
    name: str,
    words: Words,
    order: Callable[[Utterance], Orders],
    *,
    examples: tuple[str, ...],
    grammar: tuple[str, ...] = (),
    says: Mapping[Lang, Phrase] | None = None,
    otherwise: Mapping[Lang, Phrase] = NOTHING_PLAYS,
) -> Skill:
    """Return a skill that orders something, and says so where there is nothing to order."""

    def match(asked: Utterance) -> Answer | None:
        if not words[asked.lang].fullmatch(asked.text):
            return None
        orders = order(asked)
        if orders is None:
            return Answer(phrase=otherwise[asked.lang], lang=asked.lang)
        phrase = says[asked.lang] if says is not None else None
        return Answer(phrase=phrase, lang=asked.lang, orders=tuple(orders))

    return Skill(name=name, match=match, examples=examples, grammar=grammar)


def _next(asked: Utterance) -> Orders:
    return skip(asked.player) if asked.player.is_on else None


def _previous(asked: Utterance) -> Orders:
    return go_back(asked.player) if asked.player.is_on else None


def _pause(asked: Utterance) -> Orders:
    is_pausable = asked.player.is_on and asked.player.activity is not Activity.PAUSED
    return control("Pause") if is_pausable else None


def _resume(asked: Utterance) -> Orders:
    return resume(asked.player)


def _stop(asked: Utterance) -> Orders:
    return control("Stop") if asked.player.is_on else None


def _ordered(name: str, **payload: str) -> Callable[[Utterance], Orders]:
    def order(asked: Utterance) -> Orders:
        return [controller(name, dict(payload))] if asked.player.is_on else None

    return order


def _like(asked: Utterance) -> Orders:
    player = asked.player
    if not player.is_on or player.token is None or player.track is None:
        return None
    player.mark(player.liked, player.track.id, on=True)
    return [update_like(player.token, like=True)]


def tell_what_plays(asked: Utterance) -> Answer | None:
    """Say and show what plays."""
    if not _WHAT[asked.lang].fullmatch(asked.text):
        return None
    player, lang = asked.player, asked.lang
    if not player.is_on:
        return Answer(phrase=NOTHING_PLAYS[lang], lang=lang)
    token = player.awaited or player.token
    track = track_of(token)
    if track is None:
        return Answer(phrase=_NOT_OURS[lang], lang=lang)
    match lang:
        case Lang.EN:
            text = f"This is {track.title} by {track.artist}."
        case Lang.KO:
            text = f"{track.artist}의 {track.title}입니다."
        case Lang.JA:
            text = f"{track.artist}の{track.title}です。"
    return Answer(phrase=Phrase(text=text), lang=lang, orders=(player_info(player, token),))


MUSIC_SKILLS = (
    _skill(
        "next track",
        _NEXT,
        _next,
        examples=("next", "next song", "skip this song"),
        grammar=("next [song | track]", "skip [this (song | track)]"),
    ),
    _skill(
        "previous track",
        _PREVIOUS,
        _previous,
        examples=("previous song",),
        grammar=("previous (song | track)", "go back"),
    ),
    _skill("pause", _PAUSE, _pause, examples=("pause",), grammar=("pause [the music]",)),
    _skill(
        "resume",
        _RESUME,
        _resume,
        examples=("resume", "continue the music"),
        grammar=("resume [the music]", "continue [the music]", "keep playing"),
        otherwise=_NOT_PAUSED,
    ),
    _skill(
        "repeat",
        _REPEAT,
        _ordered("SetRepeatMode", repeatMode="REPEAT_ONE"),
        examples=("repeat this song",),
        grammar=("repeat this (song | track)",),
        says=_REPEATED,
    ),
    _skill(
        "no repeat",
        _NO_REPEAT,
        _ordered("SetRepeatMode", repeatMode="NONE"),
        examples=("stop repeating",),
        grammar=("stop repeating",),
        says=_ONCE,
    ),
    _skill(
        "stop",
        _STOP,
        _stop,
        examples=("stop", "stop the music"),
        grammar=("stop [the music]", "stop playing"),
    ),
    _skill(
        "sound on",
        _UNMUTE,
        _ordered("Unmute"),
        examples=("sound on",),
        grammar=("sound on",),
    ),
    _skill(
        "sound off",
        _MUTE,
        _ordered("Mute"),
        examples=("mute the music", "sound off"),
        grammar=("mute the music", "sound off"),
    ),
    _skill(
        "like",
        _LIKE,
        _like,
        examples=("i like this song",),
        grammar=("[i] like this song",),
        says=_LIKED,
    ),
    Skill(
        name="what is playing",
        match=tell_what_plays,
        examples=("what is playing", "what song is this"),
        grammar=("what is playing", "what song is this"),
    ),
    Skill(
        name="play music",
        match=play_music,
        examples=("play music", "play some jazz", "play the radio"),
        grammar=(
            "play [some] music",
            "play [some] (jazz | piano) [music]",
            "play [the] (bells | concert | podcast | radio)",
            "play ocean sounds",
        ),
    ),
)
