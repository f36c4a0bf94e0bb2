"""The queue of tracks: what comes, what has been."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from custom_components.clova_cic.cic.interfaces.audio_player import Play
from custom_components.clova_cic.playback.music.queue import (
    MOST_PAST,
    MOST_QUEUED,
    Added,
    Track,
    TrackQueue,
)

from .music import play


def track(name: str, **stream: object) -> Track:
    return Track.of(Play.from_payload(play(name, **stream)["payload"]))


def test_window() -> None:
    window = track("a", beginAtInMilliseconds=10_000, durationInMilliseconds=60_000)
    assert (window.begin, window.duration, window.end) == (10, 60, 70)
    assert [window.within(position) for position in (0, 30, 71)] == [10, 30, 70]
    open_ended = track("a", durationInMilliseconds=None)
    assert (open_ended.end, open_ended.within(1e6)) == (None, 1e6)


def test_delivered() -> None:
    asked = track("a", url="clova:a", urlPlayable=False)
    got = asked.with_delivered({"url": "https://x.invalid/a.mp3", "durationInMilliseconds": 5_000})
    assert (got.stream.url, got.duration) == ("https://x.invalid/a.mp3", 5)
    assert got.item.stream.url == "clova:a"
    assert got.as_asked() == asked


def test_full() -> None:
    queue = TrackQueue()
    added = [queue.add(track(str(each))) for each in range(MOST_QUEUED + 1)]
    assert set(added[:-1]) == {Added.QUEUED}
    assert added[-1] is Added.FULL
    assert queue.add(track("0")) is Added.KNOWN


class Queue(RuleBasedStateMachine):
    """Whatever is done, no track gets lost or doubled on the way forward and back."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = TrackQueue()
        self.current: Track | None = None
        self.past: list[str] = []
        self.coming: list[str] = []

    @rule(name=st.sampled_from("abcdef"))
    def add(self, name: str) -> None:
        known = name in self.coming
        assert (self.queue.add(track(name)) is Added.KNOWN) == known
        if not known:
            self.coming.append(name)

    @rule()
    def forward(self) -> None:
        following = self.queue.forward(self.current)
        if not self.coming:
            assert following is None
            return
        if self.current is not None:
            self.past.append(self.current.id)
        assert following is not None
        assert following.id == self.coming.pop(0)
        self.current = following

    @rule()
    def back(self) -> None:
        before = self.queue.back(self.current)
        if not self.past:
            assert before is None
            return
        if self.current is not None:
            self.coming.insert(0, self.current.id)
        assert before is not None
        assert before.id == self.past.pop()
        self.current = before

    @rule()
    def clear(self) -> None:
        self.queue.clear_coming()
        self.coming.clear()

    @invariant()
    def agrees(self) -> None:
        assert [track.id for track in self.queue.coming] == self.coming
        assert len(self.past) <= MOST_PAST


TestQueue = Queue.TestCase
