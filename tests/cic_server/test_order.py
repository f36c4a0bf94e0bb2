"""What the order checker calls illegal, rule by rule, and what it lets pass."""

from collections.abc import Callable
from typing import Any

import pytest

from cic_server.journal import Journal
from cic_server.messages import Directive, Event
from cic_server.order.confirmations import CONFIRM_SECONDS
from cic_server.order.playback import merge
from cic_server.order.reasons import Reason
from cic_server.order.verdicts import Verdicts
from tests.cic_server import test_order_alerts

PLAYABLE: dict[str, Any] = {"url": "http://127.0.0.1/a.mp3", "urlPlayable": True}


class Client:
    """One client: what it is sent, and what it tells."""

    def __init__(self) -> None:
        self.now = 0.0
        self.verdicts = Verdicts(Journal(), lambda: self.now)

    def order(self, name: str, dialog: str | None = None, **payload: Any) -> None:
        namespace, _, short = name.partition(".")
        directive = Directive(namespace=namespace, name=short, payload=payload, dialog_id=dialog)
        self.verdicts.ordered("c", directive)

    def play(self, token: str = "a", behavior: str = "REPLACE_ALL", **stream: Any) -> None:
        item = {"audioItemId": f"item-{token}", "stream": PLAYABLE | {"token": token} | stream}
        self.order("AudioPlayer.Play", playBehavior=behavior, audioItem=item)

    def tell(self, name: str, activity: str | None = None, **payload: Any) -> None:
        namespace, _, short = name.partition(".")
        context: tuple[dict[str, Any], ...] = ()
        if activity is not None:
            header = {"namespace": "AudioPlayer", "name": "PlaybackState"}
            state = {"playerActivity": activity, "repeatMode": "NONE"}
            if "token" in payload:
                state["stream"] = {"token": payload["token"]}
            context = ({"header": header, "payload": state},)
        event = Event(
            namespace=namespace,
            name=short,
            message_id="m",
            dialog_id=None,
            payload=payload,
            context=context,
        )
        self.verdicts.of("c").take_context(context)
        self.verdicts.happened("c", event)

    def audio(self, trace: str) -> None:
        """Tell AudioPlayer events: `Started a 0, Finished a 4000`."""
        for step in trace.split(", "):
            name, token, offset = step.split()
            kind = "ProgressReport" if name.endswith("Passed") else "Play"
            full = f"AudioPlayer.{kind}{name}"
            self.tell(full, token=token, offsetInMilliseconds=int(offset))

    def say(self, trace: str) -> None:
        """Tell speech events: `Started a, Finished a`."""
        for step in trace.split(", "):
            name, token = step.split()
            self.tell(f"SpeechSynthesizer.Speech{name}", token=token)

    def ask(self, token: str, **stream: Any) -> None:
        asked = PLAYABLE | {"token": token} | stream
        self.tell("AudioPlayer.StreamRequested", audioItemId=f"item-{token}", audioStream=asked)

    @property
    def illegal(self) -> list[str]:
        return [each["reason"] for each in self.verdicts.illegal("c")]


@pytest.fixture
def client() -> Client:
    return Client()


def speak(client: Client, token: str, dialog: str | None = None) -> None:
    client.order("SpeechSynthesizer.Speak", dialog, token=token)


type Story = Callable[[Client], None]


def _two(client: Client) -> None:
    client.play("a")
    client.play("b", "ENQUEUE")


def started_without_play(client: Client) -> None:
    client.audio("Started a 0")


def started_again(client: Client) -> None:
    client.play()
    client.audio("Started a 0, Finished a 4000, Started a 0")


def two_without_an_end(client: Client) -> None:
    _two(client)
    client.audio("Started a 0, Started b 0")


def two_while_paused(client: Client) -> None:
    _two(client)
    client.audio("Started a 0, Paused a 100, Started b 0")


def finished_without_start(client: Client) -> None:
    client.play()
    client.audio("Finished a 4000")


def paused_without_start(client: Client) -> None:
    client.play()
    client.audio("Paused a 0")


def stopped_without_start(client: Client) -> None:
    client.play()
    client.audio("Stopped a 0")


def stopped_twice(client: Client) -> None:
    client.play()
    client.audio("Started a 0, Stopped a 500, Stopped a 500")


def finished_while_paused(client: Client) -> None:
    client.play()
    client.audio("Started a 0, Paused a 500, Finished a 500")


def resumed_while_playing(client: Client) -> None:
    client.play()
    client.audio("Started a 0, Resumed a 500")


def resumed_after_the_end(client: Client) -> None:
    client.play()
    client.audio("Started a 0, Finished a 4000, Resumed a 0")


def resumed_beside_another(client: Client) -> None:
    _two(client)
    client.audio("Started a 0, Stopped a 500, Started b 0, Resumed a 500")


def offset_negative(client: Client) -> None:
    client.play()
    client.audio("Started a -5")


def offset_a_word(client: Client) -> None:
    client.play()
    client.tell("AudioPlayer.PlayStarted", token="a", offsetInMilliseconds="soon")


def offset_back(client: Client) -> None:
    client.play()
    client.audio("Started a 0, Paused a 9000, Resumed a 2000")


def offset_behind_window(client: Client) -> None:
    client.play(beginAtInMilliseconds=10_000, durationInMilliseconds=60_000)
    client.audio("Started a 10000, Finished a 75000")


def offset_before_window(client: Client) -> None:
    client.play(beginAtInMilliseconds=10_000)
    client.audio("Started a 0")


def protected_without_request(client: Client) -> None:
    client.play(urlPlayable=False)
    client.audio("Started a 0")


def protected_requested_once_for_two(client: Client) -> None:
    client.play(urlPlayable=False)
    client.ask("a", urlPlayable=False)
    client.audio("Started a 0, Finished a 4000")
    client.play(urlPlayable=False)
    client.audio("Started a 0")


def playable_requested(client: Client) -> None:
    client.play()
    client.ask("a")


def requested_early(client: Client) -> None:
    client.play("a")
    client.play("b", "ENQUEUE", urlPlayable=False)
    client.audio("Started a 0")
    client.ask("b", urlPlayable=False)


def requested_otherwise(client: Client) -> None:
    client.play(urlPlayable=False, customData="x")
    client.ask("a", urlPlayable=False)


def requested_unknown(client: Client) -> None:
    client.ask("a", urlPlayable=False)


REPORT = {
    "progressReportDelayInMilliseconds": 2_000,
    "progressReportIntervalInMilliseconds": 10_000,
    "progressReportPositionInMilliseconds": 15_000,
}
LONG = {"durationInMilliseconds": 60_000, "progressReport": REPORT}


def report_not_wanted(client: Client) -> None:
    client.play()
    client.audio("Started a 0, DelayPassed a 2000")


def report_late(client: Client) -> None:
    client.play(**LONG)
    client.audio("Started a 0, DelayPassed a 9000")


def report_twice(client: Client) -> None:
    client.play(**LONG)
    client.audio("Started a 0, DelayPassed a 2000, DelayPassed a 2100")


def report_while_paused(client: Client) -> None:
    client.play(**LONG)
    client.audio("Started a 0, Paused a 1900, DelayPassed a 2000")


def interval_skipped(client: Client) -> None:
    client.play(**LONG)
    client.audio("Started a 0, DelayPassed a 2000, IntervalPassed a 10000")
    client.audio("PositionPassed a 15000, IntervalPassed a 30000")


def position_missing(client: Client) -> None:
    client.play(**LONG)
    client.audio("Started a 0, DelayPassed a 2000, IntervalPassed a 10000, Stopped a 18000")


def delay_missing(client: Client) -> None:
    client.play(**LONG)
    client.audio("Started a 0, Stopped a 5000")


def clear_unasked(client: Client) -> None:
    client.tell("AudioPlayer.PlaybackQueueCleared", clearBehavior="CLEAR_ALL")


def clear_otherwise(client: Client) -> None:
    client.order("AudioPlayer.ClearQueue", clearBehavior="CLEAR_ENQUEUED")
    client.tell("AudioPlayer.PlaybackQueueCleared", clearBehavior="CLEAR_ALL")


def clear_playing_on(client: Client) -> None:
    client.play()
    client.audio("Started a 0")
    client.order("AudioPlayer.ClearQueue", clearBehavior="CLEAR_ALL")
    client.tell("AudioPlayer.PlaybackQueueCleared", clearBehavior="CLEAR_ALL")


def state_unasked(client: Client) -> None:
    client.tell("AudioPlayer.ReportPlaybackState", playerActivity="IDLE", repeatMode="NONE")


def state_wrong(client: Client) -> None:
    client.play()
    client.audio("Started a 0")
    client.order("AudioPlayer.ExpectReportPlaybackState")
    client.tell("AudioPlayer.ReportPlaybackState", playerActivity="PAUSED", token="a")


def context_wrong(client: Client) -> None:
    client.play()
    client.tell("AudioPlayer.PlayStarted", "IDLE", token="a", offsetInMilliseconds=0)


def source_left_out(client: Client) -> None:
    target = {"namespace": "AudioPlayer"}
    client.order("PlaybackController.ExpectPauseCommand", target=target)
    client.tell("PlaybackController.PauseCommandIssued")


def handover_left_out(client: Client) -> None:
    handover = {"customData": "", "deviceId": "d"}
    client.order("PlaybackController.ExpectPlayCommand", token="a", handover=handover)
    client.tell("PlaybackController.PlayCommandIssued", token="a")


def pause_unconfirmed(client: Client) -> None:
    client.play()
    client.audio("Started a 0")
    client.order("PlaybackController.Pause")
    client.now += CONFIRM_SECONDS + 1


def stop_unconfirmed(client: Client) -> None:
    client.play()
    client.audio("Started a 0, Paused a 100")
    client.order("PlaybackController.Stop")
    client.now += CONFIRM_SECONDS + 1


def resume_unconfirmed(client: Client) -> None:
    client.play()
    client.audio("Started a 0, Paused a 100")
    client.order("PlaybackController.Resume")
    client.now += CONFIRM_SECONDS + 1


def speech_unknown(client: Client) -> None:
    client.say("Started a")


def speech_finished_unstarted(client: Client) -> None:
    speak(client, "a")
    client.say("Finished a")


def speech_started_twice(client: Client) -> None:
    speak(client, "a")
    client.say("Started a, Started a")


def speech_ended_twice(client: Client) -> None:
    speak(client, "a")
    client.say("Started a, Finished a, Stopped a")


def speech_overlaps(client: Client) -> None:
    speak(client, "a", "d")
    speak(client, "b", "d")
    client.say("Started a, Started b")


def speech_disordered(client: Client) -> None:
    speak(client, "a", "d")
    speak(client, "b", "d")
    client.say("Started b, Finished b, Started a")


ILLEGAL: list[tuple[Story, Reason]] = [
    (started_without_play, Reason.UNKNOWN_TOKEN),
    (started_again, Reason.NOT_ORDERED),
    (two_without_an_end, Reason.OTHER_PLAYS),
    (two_while_paused, Reason.OTHER_PLAYS),
    (finished_without_start, Reason.NOT_STARTED),
    (paused_without_start, Reason.NOT_STARTED),
    (stopped_without_start, Reason.NOT_STARTED),
    (stopped_twice, Reason.ENDED),
    (finished_while_paused, Reason.NOT_PLAYING),
    (resumed_while_playing, Reason.NOT_PAUSED),
    (resumed_after_the_end, Reason.ENDED),
    (resumed_beside_another, Reason.OTHER_PLAYS),
    (offset_negative, Reason.BAD_OFFSET),
    (offset_a_word, Reason.BAD_OFFSET),
    (offset_back, Reason.BACKWARDS),
    (offset_behind_window, Reason.OUTSIDE_WINDOW),
    (offset_before_window, Reason.OUTSIDE_WINDOW),
    (protected_without_request, Reason.STREAM_NOT_REQUESTED),
    (protected_requested_once_for_two, Reason.STREAM_NOT_REQUESTED),
    (playable_requested, Reason.STREAM_PLAYABLE),
    (requested_early, Reason.STREAM_EARLY),
    (requested_otherwise, Reason.STREAM_CHANGED),
    (requested_unknown, Reason.UNKNOWN_TOKEN),
    (report_not_wanted, Reason.REPORT_NOT_WANTED),
    (report_late, Reason.REPORT_TIME),
    (report_twice, Reason.REPORT_AGAIN),
    (report_while_paused, Reason.NOT_PLAYING),
    (interval_skipped, Reason.REPORT_TIME),
    (position_missing, Reason.REPORT_MISSING),
    (delay_missing, Reason.REPORT_MISSING),
    (clear_unasked, Reason.NOT_ASKED),
    (clear_otherwise, Reason.NOT_ASKED),
    (clear_playing_on, Reason.STILL_PLAYS),
    (state_unasked, Reason.NOT_ASKED),
    (state_wrong, Reason.CONTEXT),
    (context_wrong, Reason.CONTEXT),
    (source_left_out, Reason.SOURCE),
    (handover_left_out, Reason.SOURCE),
    (pause_unconfirmed, Reason.NOT_CONFIRMED),
    (stop_unconfirmed, Reason.NOT_CONFIRMED),
    (resume_unconfirmed, Reason.NOT_CONFIRMED),
    (speech_unknown, Reason.UNKNOWN_TOKEN),
    (speech_finished_unstarted, Reason.SPEECH_NOT_STARTED),
    (speech_started_twice, Reason.SPEECH_AGAIN),
    (speech_ended_twice, Reason.SPEECH_ENDED),
    (speech_overlaps, Reason.SPEECH_OVERLAPS),
    (speech_disordered, Reason.SPEECH_ORDER),
]


@pytest.mark.parametrize(
    ("story", "reason"), ILLEGAL, ids=lambda each: getattr(each, "__name__", "")
)
def test_illegal(client: Client, story: Story, reason: Reason) -> None:
    story(client)
    assert client.illegal == [reason.value]


def test_every_reason_has_a_story() -> None:
    of_media = {Reason.MEDIA_AGENT, Reason.MEDIA_TOKEN}  # test_media.py
    of_alerts = {reason for _, reason in test_order_alerts.ILLEGAL}
    assert {reason for _, reason in ILLEGAL} | of_media | of_alerts == set(Reason)


def a_whole_list(client: Client) -> None:
    _two(client)
    client.audio("Started a 0, Finished a 4000, Started b 0, Finished b 4100")


def paused_and_resumed(client: Client) -> None:
    client.play()
    client.audio("Started a 0, Paused a 2000, Resumed a 2000, Paused a 3000, Stopped a 3000")


def stopped_and_taken_up(client: Client) -> None:
    client.play()
    client.audio("Started a 0, Stopped a 2000, Resumed a 2000, Finished a 4000")


def replaced(client: Client) -> None:
    client.play("a")
    client.audio("Started a 0")
    client.play("b")
    client.audio("Stopped a 700, Started b 0")


def repeated(client: Client) -> None:
    client.play()
    client.order("PlaybackController.SetRepeatMode", repeatMode="REPEAT_ONE")
    client.audio("Started a 0, Finished a 4000, Started a 0, Finished a 4000, Started a 0")


def replayed(client: Client) -> None:
    client.play()
    client.audio("Started a 0")
    client.order("PlaybackController.Replay")
    client.audio("Started a 0, Paused a 100")


def replayed_by_seeking(client: Client) -> None:
    client.play(**LONG)
    client.audio("Started a 0, DelayPassed a 2000, IntervalPassed a 10000, PositionPassed a 15000")
    client.order("PlaybackController.Replay")
    client.audio("Paused a 100, Resumed a 100, PositionPassed a 15000, Stopped a 16000")


def back_and_on_again(client: Client) -> None:
    _two(client)
    client.audio("Started a 0, Finished a 4000, Started b 0")
    client.order("PlaybackController.Previous")
    client.audio("Stopped b 900, Started a 0, Finished a 4000, Started b 0")


def ordered_once_more(client: Client) -> None:
    for _ in range(3):
        client.play()
        client.audio("Started a 0, Stopped a 900")


def protected(client: Client) -> None:
    client.play(urlPlayable=False, progressReport={"progressReportDelayInMilliseconds": None})
    client.tell(
        "AudioPlayer.StreamRequested",
        audioItemId="item-a",
        audioStream=PLAYABLE
        | {"token": "a", "urlPlayable": False}
        | {"progressReport": {"progressReportDelayInMilliseconds": None}},
    )
    report = {"progressReportDelayInMilliseconds": 2_000}
    delivered = {"token": "a", "url": "http://x", "progressReport": report}
    client.order("AudioPlayer.StreamDeliver", audioItemId="item-a", audioStream=delivered)
    client.audio("Started a 0, DelayPassed a 2000, Stopped a 5000")


def sought_forward(client: Client) -> None:
    client.play(**LONG)
    client.audio("Started a 0, DelayPassed a 2000")
    client.verdicts.of("c").sought()
    client.audio("PositionPassed a 15000, IntervalPassed a 47000, Finished a 60000")


def all_reports(client: Client) -> None:
    client.play(beginAtInMilliseconds=5_000, **LONG)
    client.audio(
        "Started a 5000, DelayPassed a 7100, IntervalPassed a 15200, PositionPassed a 15200"
    )
    client.audio("IntervalPassed a 25000, Paused a 30000, Resumed a 30000, IntervalPassed a 35000")
    client.audio("Stopped a 36000")


def cleared(client: Client) -> None:
    client.play()
    client.audio("Started a 0")
    client.order("AudioPlayer.ClearQueue", clearBehavior="CLEAR_ALL")
    client.audio("Stopped a 900")
    client.tell("AudioPlayer.PlaybackQueueCleared", clearBehavior="CLEAR_ALL")


def reported(client: Client) -> None:
    client.play()
    client.tell("AudioPlayer.PlayStarted", "PLAYING", token="a", offsetInMilliseconds=0)
    client.order("AudioPlayer.ExpectReportPlaybackState")
    client.tell("AudioPlayer.ReportPlaybackState", playerActivity="PLAYING", token="a")


def played_before_the_service_began(client: Client) -> None:
    client.tell("DeviceControl.ReportState", "PLAYING", token="old")
    client.audio("Paused old 90000, Resumed old 90000, Finished old 99000")


def confirmed_in_time(client: Client) -> None:
    client.play()
    client.audio("Started a 0")
    client.order("PlaybackController.Pause")
    client.audio("Paused a 900")
    client.order("PlaybackController.Resume")
    client.order("PlaybackController.Stop")  # overtakes it
    client.audio("Stopped a 900")
    client.now += CONFIRM_SECONDS + 1


def nothing_to_confirm(client: Client) -> None:
    for name in ("Pause", "Resume", "Stop"):
        client.order(f"PlaybackController.{name}")
    client.play()
    client.audio("Started a 0")
    client.order("PlaybackController.Pause", target={"namespace": "MediaPlayer"})
    client.order("PlaybackController.Resume")
    client.now += CONFIRM_SECONDS + 1


def answer_not_taken(client: Client) -> None:
    client.play()
    client.audio("Started a 0")
    client.order("PlaybackController.Pause", "dialog")
    client.verdicts.of("c").not_taken("dialog")
    client.now += CONFIRM_SECONDS + 1


def buttons(client: Client) -> None:
    target = {"namespace": "AudioPlayer"}
    client.order("PlaybackController.ExpectPauseCommand", target=target)
    client.tell("PlaybackController.PauseCommandIssued", source=target)
    client.tell("PlaybackController.NextCommandIssued")


def speech_in_order(client: Client) -> None:
    for token in ("a", "b", "c"):
        speak(client, token, "d")
    speak(client, "pushed")
    client.say("Started a, Finished a, Started b, Started pushed, Stopped b, Finished pushed")


@pytest.mark.parametrize(
    "story",
    [
        *(a_whole_list, paused_and_resumed, stopped_and_taken_up, replaced, repeated, replayed),
        *(replayed_by_seeking, back_and_on_again, ordered_once_more, protected, sought_forward),
        *(all_reports, cleared, reported, played_before_the_service_began, confirmed_in_time),
        *(nothing_to_confirm, answer_not_taken, buttons, speech_in_order),
    ],
    ids=lambda story: story.__name__,
)
def test_legal(client: Client, story: Story) -> None:
    story(client)
    assert client.illegal == []


def test_what_is_overdue_is_told_once(client: Client) -> None:
    pause_unconfirmed(client)
    assert client.illegal == client.illegal == [Reason.NOT_CONFIRMED.value]


def test_clients_are_told_apart(client: Client) -> None:
    started_without_play(client)
    assert client.verdicts.illegal("another") == []
    assert len(client.verdicts.illegal(None)) == 1


@pytest.mark.parametrize(
    "payload",
    [{}, {"audioItem": 1}, {"audioItem": {"stream": []}}, {"audioItem": {"stream": {"token": 5}}}],
)
def test_malformed_orders_are_no_trouble(client: Client, payload: dict[str, Any]) -> None:
    client.order("AudioPlayer.Play", **payload)
    client.order("AudioPlayer.StreamDeliver", **payload)
    client.order("AudioPlayer.ClearQueue", **payload)
    client.order("SpeechSynthesizer.Speak", **payload)
    client.tell("AudioPlayer.PlaybackQueueCleared")
    assert client.illegal == []


def test_a_long_queue_is_bounded(client: Client) -> None:
    for number in range(5_000):
        client.play(str(number), "ENQUEUE")
    client.audio("Started 4999 0")
    assert client.illegal == []
    client.audio("Stopped 4999 0, Started 0 0")
    assert client.illegal == [Reason.UNKNOWN_TOKEN.value]


def test_merge_is_the_documents_own_example() -> None:
    ordered = {"url": "opaque", "urlPlayable": False, "progressReport": {"a": None, "b": 1, "c": 2}}
    delivered = {
        "url": "http://x",
        "urlPlayable": None,
        "progressReport": {"a": 3, "b": None, "c": 4},
    }
    assert merge(ordered, delivered) == {
        "url": "http://x",
        "urlPlayable": False,
        "progressReport": {"a": 3, "b": 1, "c": 4},
    }
