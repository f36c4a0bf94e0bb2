"""What an entry is made of, beside its connection."""

from collections import Counter
from dataclasses import dataclass
from functools import partial

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..alerts.clock import AlarmClock
from ..cloud_state import CloudState
from ..const import CONF_DEVICE_UUID
from ..device.device import Device
from ..device.others import OtherDevices
from ..occurrences import Occurrences
from ..playback.alerts.assets import AssetStore
from ..playback.music.commands import Commands
from ..playback.music.kept import Keeper
from ..playback.music.player import AudioPlayer
from ..playback.music.player_info import PlayerInfo
from ..playback.output.outputs import Outputs
from ..playback.sound.ahead import Spawn
from ..playback.speech.announce import Announcer
from ..playback.speech.remote import RemoteSounds
from ..playback.web.media_view import MEDIA_PROXY
from ..reports import Reports
from ..settings import user_agent
from ..speech_reports import SpeechReports


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the capabilities of one entry share."""

    hass: HomeAssistant
    entry: ConfigEntry
    reports: Reports
    speech: SpeechReports
    outputs: Outputs
    announcer: Announcer
    player: AudioPlayer
    player_info: PlayerInfo
    keeper: Keeper
    """What the player remembers."""
    commands: Commands
    device: Device
    others: OtherDevices
    alarm_clock: AlarmClock
    cloud_state: CloudState
    occurrences: Occurrences
    """What automations learn of."""
    events: Counter[str]
    """What diagnostics should tell."""


def create_parts(
    hass: HomeAssistant,
    entry: ConfigEntry,
    *,
    reports: Reports,
    occurrences: Occurrences,
    events: Counter[str],
    spawn: Spawn,
) -> Parts:
    """Return the parts of one entry; none of them does anything yet."""
    agent = user_agent(entry.data)
    speech = SpeechReports(reports.send)
    outputs = Outputs(hass, entry)
    player = AudioPlayer(
        reports=reports,
        outputs=outputs,
        serve=partial(hass.data[MEDIA_PROXY].open, user_agent=agent),
        spawn=spawn,
        events=events,
    )
    player_info = PlayerInfo()
    commands = Commands(reports)
    commands.listen_to(player.async_add_listener)
    commands.listen_to(player_info.async_add_listener)
    alarm_clock = AlarmClock(
        hass=hass,
        entry=entry,
        reports=reports,
        outputs=outputs,
        commands=commands,
        assets=AssetStore(hass, entry.entry_id, RemoteSounds(hass, agent), spawn),
        spawn=spawn,
        occurrences=occurrences,
        events=events,
    )
    return Parts(
        hass=hass,
        entry=entry,
        reports=reports,
        speech=speech,
        outputs=outputs,
        announcer=Announcer(hass, entry, events, outputs, speech),
        player=player,
        player_info=player_info,
        keeper=Keeper(hass, entry.entry_id, player),
        commands=commands,
        device=Device(hass, entry, outputs, player),
        others=OtherDevices(reports, entry.data[CONF_DEVICE_UUID]),
        alarm_clock=alarm_clock,
        cloud_state=CloudState(hass, entry.entry_id, reports),
        occurrences=occurrences,
        events=events,
    )
