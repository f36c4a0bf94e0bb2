"""What the order checker calls illegal of alerts and of orders to be confirmed, and what it lets pass."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
import re
from typing import Any

import pytest

from cic_server.journal import Journal
from cic_server.messages import Directive, Event
from cic_server.order.alerts import CONTEXT_SECONDS
from cic_server.order.confirmations import CONFIRM_SECONDS, CONFIRMED_BY, DEVICE_ORDERS
from cic_server.order.reasons import Reason
from cic_server.order.verdicts import Verdicts

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOON = NOON + timedelta(minutes=10)


class Client:
    """One client with alerts: what it is sent, and what it tells."""

    def __init__(self) -> None:
        self.now = 0.0
        self.verdicts = Verdicts(
            Journal(), lambda: self.now, lambda: NOON + timedelta(seconds=self.now)
        )

    def order(self, name: str, dialog: str | None = None, **payload: Any) -> None:
        namespace, _, short = name.partition(".")
        directive = Directive(namespace=namespace, name=short, payload=payload, dialog_id=dialog)
        self.verdicts.ordered("c", directive)

    def set(self, token: str = "a", scheduled: datetime = SOON, dialog: str | None = None) -> None:
        self.order(
            "Alerts.SetAlert",
            dialog,
            token=token,
            type="ALARM",
            scheduledTime=scheduled.isoformat(),
        )

    def tell(
        self,
        name: str,
        has: tuple[Sequence[str], Sequence[str]] | None = None,
        state: dict[str, Any] | None = None,
        **payload: Any,
    ) -> None:
        """Tell an event; `has` is all alerts and the active ones, `state` the device's."""
        context = []
        if has is not None:
            lists = [[{"token": token, "type": "ALARM"} for token in tokens] for tokens in has]
            alerts = dict(zip(("allAlerts", "activeAlerts"), lists, strict=True))
            header = {"namespace": "Alerts", "name": "AlertsState"}
            context.append({"header": header, "payload": alerts})
        if state is not None:
            header = {"namespace": "Device", "name": "DeviceState"}
            context.append({"header": header, "payload": state})
        namespace, _, short = name.partition(".")
        event = Event(
            namespace=namespace,
            name=short,
            message_id="m",
            dialog_id=None,
            payload=payload,
            context=tuple(context),
        )
        self.verdicts.of("c").take_context(event.context)
        self.verdicts.happened("c", event)

    def alerts(self, trace: str) -> None:
        """Tell alert events without a context: `SetSucceeded a, Started a`."""
        for step in trace.split(", "):
            name, token = step.split()
            kind, found, end = re.fullmatch(r"(Set|Delete)?(Succeeded|Failed)?(.*)", name).groups()
            self.tell(f"Alerts.{kind or ''}Alert{found or end}", token=token, type="ALARM")

    @property
    def illegal(self) -> list[str]:
        return [each["reason"] for each in self.verdicts.illegal("c")]


@pytest.fixture
def client() -> Client:
    return Client()


type Story = Callable[[Client], None]


def unknown(client: Client) -> None:
    client.alerts("Started a")


def confirmed_twice(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, SetSucceeded a")


def deleted_unasked(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, DeleteSucceeded a")


def rings_twice(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Started a, Started a")


def rings_after_the_end(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Started a, Stopped a, Started a")


def rings_though_it_failed(client: Client) -> None:
    client.set()
    client.alerts("SetFailed a, Started a")


def rings_though_deleted(client: Client) -> None:
    client.set()
    client.order("Alerts.DeleteAlert", token="a", type="ALARM")
    client.alerts("SetSucceeded a, DeleteSucceeded a, Started a")


def rings_though_synchronised_away(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a")
    client.order("Alerts.SynchronizeAlert", allAlerts=[])
    client.alerts("Started a")


def stopped_twice(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Started a, Stopped a, Stopped a")


def stopped_before_its_time(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Stopped a")


def set_unconfirmed(client: Client) -> None:
    client.set()
    client.now = CONFIRM_SECONDS + 1


def another_confirmed(client: Client) -> None:
    client.set("a")
    client.set("b")
    client.alerts("SetSucceeded b")
    client.now = CONFIRM_SECONDS + 1


def stop_unheard(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Started a")
    client.order("Alerts.StopAlert", token="a", type="ALARM")
    client.now = CONFIRM_SECONDS + 1


def set_but_not_among_all(client: Client) -> None:
    client.set()
    client.tell("Alerts.SetAlertSucceeded", has=([], []), token="a", type="ALARM")


def rings_but_is_not_active(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a")
    client.tell("Alerts.AlertStarted", has=(["a"], []), token="a", type="ALARM")


def stopped_but_active(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Started a")
    client.tell("Alerts.AlertStopped", has=(["a"], ["a"]), token="a", type="ALARM")


def has_what_was_never_ordered(client: Client) -> None:
    client.tell("Settings.Report", has=([], []))
    client.tell("Settings.Report", has=(["x"], []))


def lost(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a")
    client.now += CONTEXT_SECONDS + 1
    client.tell("Settings.Report", has=([], []))
    client.tell("Settings.Report", has=([], []))


def rings_on(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Started a, Stopped a")
    client.now += CONTEXT_SECONDS + 1
    client.tell("Settings.Report", has=(["a"], ["a"]))


def done_unasked(client: Client) -> None:
    client.tell("DeviceControl.ActionExecuted", target="volume", command="Increase")


def done_otherwise(client: Client) -> None:
    client.order("DeviceControl.Increase", target="volume")
    client.tell("DeviceControl.ActionExecuted", target="volume", command="Decrease")


def delegated_otherwise(client: Client) -> None:
    client.order("Clova.HandleDelegatedEvent", delegationId="1")
    client.tell("Clova.ProcessDelegatedEvent", delegationId="2")


def report_unsent(client: Client) -> None:
    client.tell("Settings.Report", state={"volume": {}})
    client.order("DeviceControl.ExpectReportState")
    client.now = CONFIRM_SECONDS + 1


def was_told(client: Client, *, rings: bool = False, stands: bool = True) -> None:
    """Start the service, which knows that the client was told of an alert."""
    client.verdicts.of("c").was_told("a", SOON.isoformat(), rings=rings, stands=stands)


def rings_twice_since_the_restart(client: Client) -> None:
    was_told(client)
    client.alerts("Started a, Started a")


def stopped_twice_since_the_restart(client: Client) -> None:
    was_told(client, rings=True)
    client.alerts("Stopped a, Stopped a, Stopped a")


def confirmed_twice_since_the_restart(client: Client) -> None:
    was_told(client)
    client.set()
    client.alerts("SetSucceeded a, SetSucceeded a")


ILLEGAL: list[tuple[Story, Reason]] = [
    (unknown, Reason.UNKNOWN_ALERT),
    (confirmed_twice, Reason.NOT_ASKED),
    (deleted_unasked, Reason.NOT_ASKED),
    (rings_twice, Reason.RINGS_ALREADY),
    (rings_after_the_end, Reason.ALERT_OVER),
    (rings_though_it_failed, Reason.ALERT_OVER),
    (rings_though_deleted, Reason.ALERT_OVER),
    (rings_though_synchronised_away, Reason.ALERT_OVER),
    (stopped_twice, Reason.RINGS_NOT),
    (stopped_before_its_time, Reason.RINGS_NOT),
    (set_unconfirmed, Reason.NOT_CONFIRMED),
    (another_confirmed, Reason.NOT_CONFIRMED),
    (stop_unheard, Reason.NOT_CONFIRMED),
    (set_but_not_among_all, Reason.CONTEXT),
    (rings_but_is_not_active, Reason.CONTEXT),
    (stopped_but_active, Reason.CONTEXT),
    (has_what_was_never_ordered, Reason.CONTEXT),
    (lost, Reason.CONTEXT),
    (rings_on, Reason.CONTEXT),
    (done_unasked, Reason.NOT_ASKED),
    (done_otherwise, Reason.NOT_ASKED),
    (delegated_otherwise, Reason.NOT_ASKED),
    (report_unsent, Reason.NOT_CONFIRMED),
    (rings_twice_since_the_restart, Reason.RINGS_ALREADY),
    (stopped_twice_since_the_restart, Reason.RINGS_NOT),
    (confirmed_twice_since_the_restart, Reason.NOT_ASKED),
]


@pytest.mark.parametrize(
    ("story", "reason"), ILLEGAL, ids=lambda each: getattr(each, "__name__", "")
)
def test_illegal(client: Client, story: Story, reason: Reason) -> None:
    story(client)
    assert client.illegal == [reason.value]


def a_whole_life(client: Client) -> None:
    client.tell("Settings.Report", has=([], []))
    client.set()
    client.tell("Alerts.SetAlertSucceeded", has=(["a"], []), token="a")
    client.tell("Alerts.AlertStarted", has=(["a"], ["a"]), token="a")
    client.order("Alerts.StopAlert", token="a")
    client.tell("Alerts.AlertStopped", has=(["a"], []), token="a")
    client.order("Alerts.DeleteAlert", token="a")
    client.tell("Alerts.DeleteAlertSucceeded", has=([], []), token="a")
    client.now = 2 * CONFIRM_SECONDS
    client.tell("Settings.Report", has=([], []))


def it_comes_again(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Started a, Stopped a")
    client.set(scheduled=SOON + timedelta(days=1))
    client.alerts("SetSucceeded a, Started a, Stopped a")


def it_was_missed(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a")
    client.now = 3_600
    client.alerts("Stopped a")


def it_is_rung_again_after_a_kill(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Started a")
    client.verdicts.of("c").gone()
    client.order("Alerts.SynchronizeAlert", allAlerts=[{"token": "a"}])
    client.alerts("Started a, Stopped a")


def it_was_killed_before_it_could_confirm(client: Client) -> None:
    client.set()
    client.verdicts.of("c").gone()
    client.now = 2 * CONFIRM_SECONDS
    client.order("Alerts.SynchronizeAlert", allAlerts=[{"token": "a"}])
    client.alerts("Started a, Stopped a")


def it_was_set_before_the_service_was_started(client: Client) -> None:
    client.tell("Settings.Report", has=(["a", "b"], ["b"]))
    client.alerts("Started a, Stopped a, Stopped b")


def the_service_missed_its_confirmation(client: Client) -> None:
    was_told(client)
    client.alerts("SetSucceeded a, Started a, Stopped a")
    client.order("Alerts.DeleteAlert", token="a")
    client.alerts("DeleteSucceeded a")


def it_rang_while_the_service_was_away(client: Client) -> None:
    was_told(client)
    client.tell("Alerts.RequestSynchronizeAlert", has=(["a"], ["a"]))
    client.alerts("Started a, Stopped a")


def it_ended_while_the_service_was_away(client: Client) -> None:
    was_told(client, rings=True)
    client.order("Alerts.SynchronizeAlert", allAlerts=[])
    client.alerts("Stopped a")


def it_was_over_before_it_could_be_told(client: Client) -> None:
    was_told(client)
    client.tell("Alerts.RequestSynchronizeAlert", has=([], []))
    client.order("Alerts.SynchronizeAlert", allAlerts=[])
    client.alerts("Started a, Stopped a")


def the_service_missed_that_it_was_deleted(client: Client) -> None:
    was_told(client, stands=False)
    client.alerts("DeleteSucceeded a")


def an_answer_was_cancelled_too_late(client: Client) -> None:
    client.order("DeviceControl.Increase", "d", target="volume")
    client.verdicts.of("c").not_taken("d")
    client.tell("DeviceControl.ActionExecuted", target="volume", command="Increase")
    client.order("DeviceControl.Increase", "e", target="volume")
    client.verdicts.of("c").not_taken("e")
    client.now = 2 * CONFIRM_SECONDS


def stop_where_nothing_rings(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a")
    client.order("Alerts.StopAlert", token="a")
    client.now = 2 * CONFIRM_SECONDS


def two_stops_one_end(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Started a")
    client.order("Alerts.StopAlert", token="a")
    client.order("Alerts.StopAlert", token="a")
    client.alerts("Stopped a")
    client.now = 2 * CONFIRM_SECONDS


def it_is_deleted_while_it_rings(client: Client) -> None:
    for end in (
        "DeleteSucceeded a, Stopped a",
        "Stopped a, DeleteSucceeded a",
        "DeleteSucceeded a",
    ):
        client.set()
        client.alerts("SetSucceeded a, Started a")
        client.order("Alerts.DeleteAlert", token="a")
        client.alerts(end)


def it_is_synchronised_away_while_it_rings(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a")
    client.tell("Alerts.AlertStarted", has=(["a"], ["a"]), token="a")
    client.now += CONTEXT_SECONDS + 1
    client.order("Alerts.SynchronizeAlert", allAlerts=[])
    client.tell("Settings.Report", has=(["a"], ["a"]))
    client.alerts("Stopped a")


def it_is_set_for_later_while_it_rings(client: Client) -> None:
    client.set()
    client.alerts("SetSucceeded a, Started a")
    client.set(scheduled=SOON + timedelta(hours=1))
    client.alerts("SetSucceeded a, Started a, Stopped a")


def a_command_follows_a_lost_order(client: Client) -> None:
    client.order("PlaybackController.ExpectPlayCommand", token="a")
    client.verdicts.of("c").gone()
    client.tell("PlaybackController.PlayCommandIssued", token="b")
    client.order("PlaybackController.ExpectPlayCommand", token="c")
    client.verdicts.of("c").gone()
    client.order("PlaybackController.ExpectPlayCommand", token="d")
    client.tell("PlaybackController.PlayCommandIssued", token="d")
    client.now = 2 * CONFIRM_SECONDS


def reports_at_its_own_will(client: Client) -> None:
    client.order("DeviceControl.ExpectReportState")
    for _ in range(3):
        client.tell("DeviceControl.ReportState", state={"volume": {}})
    client.now = 2 * CONFIRM_SECONDS


def a_device_without_a_state_reports_none(client: Client) -> None:
    client.order("DeviceControl.ExpectReportState")
    client.tell("Settings.Report", state={"localTime": "now"})
    client.now = 2 * CONFIRM_SECONDS


def an_app_is_launched_in_silence(client: Client) -> None:
    client.order("DeviceControl.LaunchApp", target="app")
    client.now = 2 * CONFIRM_SECONDS


def odd_payloads(client: Client) -> None:
    client.order("Alerts.SynchronizeAlert", allAlerts=[1, {"token": 2}, "a"])
    client.order("Alerts.SynchronizeAlert", allAlerts={"token": "a"})
    client.order("Alerts.SetAlert", token=["a"])
    client.now = 2 * CONFIRM_SECONDS
    client.verdicts.of("c").gone()


LEGAL: list[Story] = [
    a_whole_life,
    it_comes_again,
    it_was_missed,
    it_is_rung_again_after_a_kill,
    it_was_killed_before_it_could_confirm,
    it_was_set_before_the_service_was_started,
    the_service_missed_its_confirmation,
    it_rang_while_the_service_was_away,
    it_ended_while_the_service_was_away,
    it_was_over_before_it_could_be_told,
    the_service_missed_that_it_was_deleted,
    an_answer_was_cancelled_too_late,
    stop_where_nothing_rings,
    two_stops_one_end,
    it_is_deleted_while_it_rings,
    it_is_synchronised_away_while_it_rings,
    it_is_set_for_later_while_it_rings,
    a_command_follows_a_lost_order,
    reports_at_its_own_will,
    a_device_without_a_state_reports_none,
    an_app_is_launched_in_silence,
    odd_payloads,
]


@pytest.mark.parametrize("story", LEGAL, ids=lambda each: each.__name__)
def test_legal(client: Client, story: Story) -> None:
    story(client)
    assert client.illegal == []


@pytest.mark.parametrize("name", DEVICE_ORDERS)
@pytest.mark.parametrize("answer", ["ActionExecuted", "ActionFailed"])
def test_every_device_order_is_answered_by_its_own_name(
    client: Client, name: str, answer: str
) -> None:
    client.order(name, target="x")
    short = name.partition(".")[2]
    client.tell(f"DeviceControl.{answer}", target="x", command=short)
    client.now = 2 * CONFIRM_SECONDS
    assert client.illegal == []
    client.order(name, target="x")
    client.now = 4 * CONFIRM_SECONDS
    assert client.illegal == [Reason.NOT_CONFIRMED.value]


@pytest.mark.parametrize("name", ["Settings.ExpectReport", "Settings.Update"])
def test_settings_are_reported(client: Client, name: str) -> None:
    client.order(name)
    client.now = 2 * CONFIRM_SECONDS
    assert client.illegal == [Reason.NOT_CONFIRMED.value]
    client.order(name)
    client.tell(*CONFIRMED_BY[name])
    client.now = 4 * CONFIRM_SECONDS
    assert len(client.illegal) == 1
