"""The CLOVA player: what is seen, pressed and browsed, over the wire to the real server and back."""

from collections.abc import AsyncIterator
from typing import Any

from homeassistant.components.media_player import MediaPlayerEntity
from homeassistant.components.media_player.const import (
    MediaPlayerEntityFeature as Feature,
    MediaPlayerState,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import probatio as vol
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.clova_cic.cic import DEFAULT_USER_AGENT
from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, CONF_SHARES_LOGIN, DOMAIN
from custom_components.clova_cic.coordinator import CicCoordinator
from custom_components.clova_cic.playback.focus import Kind
from custom_components.clova_cic.playback.music import commands
from custom_components.clova_cic.playback.output.output import async_output
from custom_components.clova_cic.playback.web import art

from .conftest import SetUp
from .house import add_entities
from .service import CicService, directive, until
from .sound_server import SoundServer, sound_server
from .test_devices import seen_as

CLOVA = "media_player.test_cloud_player"
OUTPUT = "media_player.radio"
TOKEN = "TR-1"


class Radio(MediaPlayerEntity):
    """A media player that does at once what it is told, and shows it."""

    _attr_should_poll = False
    _attr_state = MediaPlayerState.IDLE
    _attr_volume_level = 0.5
    _attr_is_volume_muted = False
    _attr_supported_features = (
        Feature.PLAY_MEDIA
        | Feature.PLAY
        | Feature.PAUSE
        | Feature.STOP
        | Feature.SEEK
        | Feature.VOLUME_SET
        | Feature.VOLUME_MUTE
    )

    def __init__(self, name: str = "Radio") -> None:
        self._attr_name = self._attr_unique_id = name

    def show(self, state: MediaPlayerState, position: float | None = None) -> None:
        self._attr_state = state
        if position is not None:
            self._attr_media_position = int(position)
            self._attr_media_position_updated_at = dt_util.utcnow()
        self.async_write_ha_state()

    async def async_play_media(self, media_type: str, media_id: str, **kwargs: Any) -> None:
        self._attr_media_content_id = media_id
        self.show(MediaPlayerState.PLAYING, 0)

    async def async_media_play(self) -> None:
        self.show(MediaPlayerState.PLAYING)

    async def async_media_pause(self) -> None:
        self.show(MediaPlayerState.PAUSED)

    async def async_media_stop(self) -> None:
        self.show(MediaPlayerState.IDLE)

    async def async_media_seek(self, position: float) -> None:
        self.show(MediaPlayerState.PLAYING, position)

    async def async_set_volume_level(self, volume: float) -> None:
        self._attr_volume_level = volume
        self.async_write_ha_state()

    async def async_mute_volume(self, mute: bool) -> None:
        self._attr_is_volume_muted = mute
        self.async_write_ha_state()


@pytest.fixture
async def radio(home: HomeAssistant) -> Radio:
    """Add a media player that can be an output."""
    radio = Radio()
    await add_entities(home, "radios", "media_player", [radio])
    return radio


@pytest.fixture
async def clova(cic: CicService, set_up: SetUp, radio: Radio) -> CicCoordinator:
    """Set up an entry whose music sounds on the radio."""
    return await set_up(cic, options={CONF_MEDIA_PLAYER: OUTPUT})


def shown(hass: HomeAssistant, entity_id: str = CLOVA) -> State:
    """Return a CLOVA player as it is shown."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state


def play(token: str = TOKEN, behavior: str = "REPLACE_ALL", **more: Any) -> dict[str, Any]:
    """Return a Play."""
    stream = {
        "token": token,
        "url": f"http://127.0.0.1:9/{token}.mp3",
        "urlPlayable": True,
        "beginAtInMilliseconds": 10_000,
        "durationInMilliseconds": 60_000,
        **more.pop("stream", {}),
    }
    item = {
        "audioItemId": f"id of {token}",
        "titleText": f"Title of {token}",
        "titleSubText1": "Artist",
        "titleSubText2": "Album",
        "stream": stream,
        **more,
    }
    payload = {"playBehavior": behavior, "audioItem": item, "source": {"name": "Radio One"}}
    return directive("AudioPlayer.Play", payload)


async def playing(hass: HomeAssistant, cic: CicService, *more: dict[str, Any]) -> None:
    """Play a track, and push what else there is."""
    await cic.push(play())
    await until(lambda: shown(hass).state == "playing")
    for one in more:
        await cic.push(one)


async def call(hass: HomeAssistant, service: str, domain: str = "media_player", **data: Any) -> Any:
    """Call a service on the CLOVA player, as a user does."""
    return await hass.services.async_call(
        domain, service, {"entity_id": CLOVA, **data}, blocking=True
    )


async def events(cic: CicService, name: str) -> list[dict[str, Any]]:
    """Return the payloads of the events of a name that the server received."""
    return [
        one["payload"]
        for one in await cic.log("event")
        if f"{one['namespace']}.{one['name']}" == name
    ]


async def answer(cic: CicService, event: str, *directives: dict[str, Any]) -> None:
    """Have the server answer the next such event with these."""
    parts = [
        {
            "headers": {"Content-Disposition": 'form-data; name="d"'},
            "json": {"directive": {**one, "header": {"messageId": "m", **one["header"]}}},
        }
        for one in directives
    ]
    await cic.control("POST", "next-answer", {"event": event, "parts": parts})


def player_info(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    payload = {"displayType": "list", "controls": [], "playableItems": list(items), **more}
    return directive("TemplateRuntime.RenderPlayerInfo", payload)


def playlist(title: str, *items: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Return a list of (token, type)."""
    rows = [
        {"token": token, "titleText": f"Row {token}", "type": kind, "showAdultIcon": False, **more}
        for token, kind in items
    ]
    return directive("TemplateRuntime.RenderPlaylist", {"title": title, "items": rows})


@pytest.fixture
def browse(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Any:
    """Return a function that opens a place of the browser, as the frontend does."""

    async def open_place(content_id: str | None = None) -> dict[str, Any]:
        client = await hass_ws_client(hass)
        place = (
            {}
            if content_id is None
            else {"media_content_id": content_id, "media_content_type": "playlist"}
        )
        await client.send_json_auto_id(
            {"type": "media_player/browse_media", "entity_id": CLOVA, **place}
        )
        message: dict[str, Any] = await client.receive_json()
        return message["result"] if message["success"] else message["error"]

    return open_place


def titles(place: dict[str, Any]) -> list[str]:
    return [child["title"] for child in place["children"]]


# What is seen


async def test_nothing_plays(hass: HomeAssistant, clova: CicCoordinator) -> None:
    state = shown(hass)
    assert state.state == "idle"
    assert "media_title" not in state.attributes
    assert state.attributes["device_class"] == "speaker"
    assert state.attributes["repeat"] == "off"
    assert state.attributes["volume_level"] == 0.5
    features = Feature(state.attributes["supported_features"])
    assert Feature.SEEK not in features
    wanted = Feature.PLAY | Feature.PAUSE | Feature.STOP | Feature.NEXT_TRACK | Feature.VOLUME_SET
    assert wanted in features


@pytest.mark.directive("AudioPlayer.Play")
async def test_track_is_shown(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService, radio: Radio
) -> None:
    """The position counts from the beginning of the window; nothing of the token is told."""
    await playing(hass, cic)
    attributes = shown(hass).attributes
    assert attributes["media_title"] == "Title of TR-1"
    assert attributes["media_artist"] == "Artist"
    assert attributes["media_album_name"] == "Album"
    assert attributes["app_name"] == "Radio One"
    assert attributes["media_duration"] == 60
    assert 0 <= attributes["media_position"] <= 2
    assert Feature.SEEK in Feature(attributes["supported_features"])
    assert "liked" not in attributes
    assert TOKEN not in attributes["media_content_id"]


async def test_output_changes(hass: HomeAssistant, clova: CicCoordinator, radio: Radio) -> None:
    """Volume is the output's, both ways; without an output there is none."""
    await call(hass, "volume_set", volume_level=0.25)
    assert radio.volume_level == 0.25
    await call(hass, "volume_mute", is_volume_muted=True)
    assert radio.is_volume_muted is True
    assert shown(hass).attributes["is_volume_muted"] is True
    await radio.async_set_volume_level(0.75)
    await until(lambda: shown(hass).attributes["volume_level"] == 0.75)
    clova.parts.outputs.choose(None)
    await hass.async_block_till_done()
    assert "volume_level" not in shown(hass).attributes
    features = Feature(shown(hass).attributes["supported_features"])
    assert not features & (Feature.VOLUME_SET | Feature.VOLUME_MUTE)


async def test_seek_inside_the_window(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService, radio: Radio
) -> None:
    await playing(hass, cic)
    await call(hass, "media_seek", seek_position=30)
    await until(lambda: radio.media_position == 40)
    await until(lambda: 30 <= shown(hass).attributes["media_position"] <= 32)
    with pytest.raises(ServiceValidationError):
        await call(hass, "media_seek", seek_position=61)
    assert radio.media_position == 40


async def test_repetition(hass: HomeAssistant, clova: CicCoordinator, cic: CicService) -> None:
    """A device changes it by itself, and the context tells; there is no repetition of all."""
    for repeat, told in (("one", "REPEAT_ONE"), ("off", "NONE"), ("all", "REPEAT_ONE")):
        await call(hass, "repeat_set", repeat=repeat)
        assert shown(hass).attributes["repeat"] == ("off" if repeat == "off" else "one")
        (state,) = [one for one in clova.context() if one.name == "PlaybackState"]
        assert state.payload["repeatMode"] == told
    assert not await events(cic, "PlaybackController.SetRepeatModeCommandIssued")


@pytest.mark.directive("TemplateRuntime.RenderPlayerInfo")
async def test_player_info_completes_the_track(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService
) -> None:
    """What a Play does not say is taken from what is shown of the same track; buttons count."""
    bare = play(titleText=None, titleSubText1=None, titleSubText2=None)
    bare["payload"]["source"] = {}
    await cic.push(bare)
    await until(lambda: shown(hass).state == "playing")
    assert "media_title" not in shown(hass).attributes
    like = {"name": "LIKE_DISLIKE", "enabled": True, "selected": True, "type": "BUTTON"}
    no_next = {"name": "NEXT", "enabled": False, "selected": False, "type": "BUTTON"}
    item = {"token": TOKEN, "titleText": "Shown", "titleSubText1": "Band", "controls": [like]}
    provider = {"name": "Provider"}
    await cic.push(player_info(item, controls=[no_next], provider=provider))
    await until(lambda: shown(hass).attributes.get("media_title") == "Shown")
    attributes = shown(hass).attributes
    assert attributes["media_artist"] == "Band"
    assert attributes["app_name"] == "Provider"
    assert attributes["liked"] is True
    assert "subscribed" not in attributes
    features = Feature(attributes["supported_features"])
    assert Feature.NEXT_TRACK not in features and Feature.PREVIOUS_TRACK in features
    await cic.push(player_info({"token": "other", "titleText": "Other"}))
    await until(lambda: Feature.NEXT_TRACK in Feature(shown(hass).attributes["supported_features"]))


@pytest.mark.directive("TemplateRuntime.UpdateLike")
@pytest.mark.directive("TemplateRuntime.UpdateSubscribe")
async def test_marks_from_elsewhere(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService
) -> None:
    """Liked on a telephone: it shows here."""
    await playing(hass, cic)
    await cic.push(directive("TemplateRuntime.UpdateLike", {"token": TOKEN, "like": True}))
    await until(lambda: shown(hass).attributes.get("liked") is True)
    await cic.push(
        directive("TemplateRuntime.UpdateSubscribe", {"token": TOKEN, "subscribe": False})
    )
    await until(lambda: shown(hass).attributes.get("subscribed") is False)
    await cic.push(play("TR-2"))
    await until(lambda: shown(hass).attributes.get("media_title") == "Title of TR-2")
    assert "liked" not in shown(hass).attributes


@pytest.mark.directive("TemplateRuntime.ExpectRequestPlayerInfo")
@pytest.mark.event("TemplateRuntime.RequestPlayerInfo")
async def test_player_info_is_asked_for(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService
) -> None:
    """With the current track's token; with nothing to play there is none."""
    await cic.push(directive("TemplateRuntime.ExpectRequestPlayerInfo"))
    await until(lambda: clova.counters.events["player_info_of_nothing"])
    item = {"token": TOKEN, "titleText": "Shown", "artImageUrl": "http://127.0.0.1:9/art.png"}
    await answer(cic, "TemplateRuntime.RequestPlayerInfo", player_info(item))
    await playing(hass, cic, directive("TemplateRuntime.ExpectRequestPlayerInfo"))
    await until(lambda: "entity_picture" in shown(hass).attributes)
    (asked,) = await events(cic, "TemplateRuntime.RequestPlayerInfo")
    assert asked["token"] == TOKEN
    assert asked["range"] == {"after": 50, "before": 10}


async def test_music_goes_on_while_cic_is_away(
    hass: HomeAssistant,
    mortal_cic: CicService,
    set_up: SetUp,
    radio: Radio,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The player stays, its volume too; a button says what is missing."""
    await set_up(mortal_cic, options={CONF_MEDIA_PLAYER: OUTPUT})
    await playing(hass, mortal_cic)
    await mortal_cic.stop(kill=True)
    await until(lambda: hass.states.get("event.test_cloud_directive").state == "unavailable")
    assert shown(hass).state == "playing"
    monkeypatch.setattr(commands, "PATIENCE", 0.1)
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, "media_pause")
    assert raised.value.translation_key == "not_connected"
    await call(hass, "volume_set", volume_level=0.125)
    assert radio.volume_level == 0.125
    await radio.async_media_stop()
    await until(lambda: shown(hass).state == "unavailable")


async def test_two_rooms(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService, set_up: SetUp, radio: Radio
) -> None:
    """Two devices of one account: each its own music, on its own output."""
    other = Radio("Bedroom radio")
    await add_entities(hass, "bedroom", "media_player", [other])
    options = {CONF_MEDIA_PLAYER: "media_player.bedroom_radio"}
    bedroom = await set_up(cic, options=options, **{CONF_SHARES_LOGIN: True})
    await playing(hass, cic)
    await seen_as(cic, bedroom.config_entry).push(play("TR-2"))
    await until(lambda: other.state == "playing")
    (entity,) = (
        one.entity_id
        for one in er.async_get(hass).entities.values()
        if one.config_entry_id == bedroom.config_entry.entry_id and one.domain == "media_player"
    )
    await until(lambda: shown(hass, entity).attributes.get("media_title") == "Title of TR-2")
    assert shown(hass).attributes["media_title"] == "Title of TR-1"
    await answer(cic, "PlaybackController.StopCommandIssued", directive("PlaybackController.Stop"))
    await call(hass, "media_stop", entity_id=entity)
    assert other.state == "idle"
    assert radio.state == "playing"


# What is pressed


@pytest.mark.directive("PlaybackController.Pause")
@pytest.mark.directive("PlaybackController.Resume")
@pytest.mark.directive("PlaybackController.Stop")
@pytest.mark.event("PlaybackController.PauseCommandIssued")
@pytest.mark.event("PlaybackController.ResumeCommandIssued")
@pytest.mark.event("PlaybackController.StopCommandIssued")
async def test_buttons(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService, radio: Radio
) -> None:
    """Told to CIC, ordered by it, done by the output; and resumed the same way."""
    await playing(hass, cic)
    for service, name, state in (
        ("media_pause", "Pause", "paused"),
        ("media_play", "Resume", "playing"),
        ("media_stop", "Stop", "idle"),
        ("media_play", "Resume", "playing"),
    ):
        event = f"PlaybackController.{name}CommandIssued"
        told = await events(cic, event)
        await answer(cic, event, directive(f"PlaybackController.{name}"))
        await call(hass, service)
        assert shown(hass).state == state
        assert radio.state == state
        assert await events(cic, event) == [*told, {}]


@pytest.mark.directive("PlaybackController.Next")
@pytest.mark.directive("PlaybackController.Previous")
@pytest.mark.event("PlaybackController.NextCommandIssued")
@pytest.mark.event("PlaybackController.PreviousCommandIssued")
async def test_next_and_previous(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService
) -> None:
    await playing(hass, cic, play("TR-2", "ENQUEUE"))
    await until(lambda: len(clova.parts.player.queue) == 1)
    for service, name, title in (
        ("media_next_track", "Next", "Title of TR-2"),
        ("media_previous_track", "Previous", "Title of TR-1"),
    ):
        event = f"PlaybackController.{name}CommandIssued"
        await answer(cic, event, directive(f"PlaybackController.{name}"))
        await call(hass, service)
        assert shown(hass).attributes["media_title"] == title
        assert len(await events(cic, event)) == 1


async def test_button_without_effect(
    hass: HomeAssistant,
    clova: CicCoordinator,
    cic: CicService,
    radio: Radio,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CIC orders nothing: the button does nothing, and says so. The next one works."""
    monkeypatch.setattr(commands, "CONFIRM_TIMEOUT", 0.3)
    await playing(hass, cic)
    words = directive("Clova.RenderText", {"text": "No."})
    await answer(cic, "PlaybackController.PauseCommandIssued", words)
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, "media_pause")
    assert raised.value.translation_key == "not_confirmed"
    assert radio.state == "playing"
    await answer(cic, "PlaybackController.StopCommandIssued", directive("PlaybackController.Stop"))
    await call(hass, "media_stop")
    assert radio.state == "idle"


@pytest.mark.parametrize("service", ["media_play", "media_next_track"])
async def test_button_whose_answer_speaks_first(
    hass: HomeAssistant,
    clova: CicCoordinator,
    cic: CicService,
    radio: Radio,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
) -> None:
    """The music that was ordered waits for the words before it, however long: that is no failure."""
    monkeypatch.setattr(commands, "CONFIRM_TIMEOUT", 0.5)
    words = async_output(hass, OUTPUT).focus.request(Kind.DIALOG, lambda _: None, exclusive=True)
    event = "ResumeCommandIssued" if service == "media_play" else "NextCommandIssued"
    await answer(cic, f"PlaybackController.{event}", play("TR-2"))
    await call(hass, service)
    assert (shown(hass).state, radio.state) == ("buffering", "idle")
    words.release()
    await until(lambda: shown(hass).state == "playing")
    assert radio.state == "playing"


async def test_presses_do_not_wait_for_each_other(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService, radio: Radio
) -> None:
    """While one has no effect yet, another acts."""
    await playing(hass, cic)
    words = directive("Clova.RenderText", {"text": "No."})
    await answer(cic, "PlaybackController.NextCommandIssued", words)
    idle = hass.async_create_task(call(hass, "media_next_track"))
    await until(lambda: hass.states.get("event.test_cloud_directive").attributes["name"])
    await call(hass, "volume_set", volume_level=0.125)
    await answer(cic, "PlaybackController.StopCommandIssued", directive("PlaybackController.Stop"))
    await call(hass, "media_stop")
    assert radio.state == "idle"
    assert not idle.done()
    idle.cancel()


@pytest.mark.event("TemplateRuntime.LikeCommandIssued")
@pytest.mark.event("TemplateRuntime.UnlikeCommandIssued")
@pytest.mark.event("TemplateRuntime.SubscribeCommandIssued")
@pytest.mark.event("TemplateRuntime.UnsubscribeCommandIssued")
async def test_marks(hass: HomeAssistant, clova: CicCoordinator, cic: CicService) -> None:
    """Actions on the current track; CIC's update shows."""
    await playing(hass, cic)
    for service, name, update, mark, value in (
        ("like", "LikeCommandIssued", "UpdateLike", "like", True),
        ("unlike", "UnlikeCommandIssued", "UpdateLike", "like", False),
        ("subscribe", "SubscribeCommandIssued", "UpdateSubscribe", "subscribe", True),
        ("unsubscribe", "UnsubscribeCommandIssued", "UpdateSubscribe", "subscribe", False),
    ):
        event = f"TemplateRuntime.{name}"
        updated = directive(f"TemplateRuntime.{update}", {"token": TOKEN, mark: value})
        await answer(cic, event, updated)
        await call(hass, service, DOMAIN)
        assert shown(hass).attributes[f"{mark}d"] is value
        assert await events(cic, event) == [{"token": TOKEN}]


@pytest.mark.event("PlaybackController.CustomCommandIssued")
async def test_shortcut(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService, radio: Radio
) -> None:
    """What a button of one's own does is CIC's to know: nothing is waited for but its answer."""
    event = "PlaybackController.CustomCommandIssued"
    await answer(cic, event, play("TR-7"))
    await call(hass, "press_button", DOMAIN, button="CUSTOM_BUTTON_2")
    assert await events(cic, event) == [{"button": "CUSTOM_BUTTON_2"}]
    await until(lambda: shown(hass).attributes.get("media_title") == "Title of TR-7")
    await until(lambda: radio.state == "playing")
    await cic.control("POST", "next-answer", {"event": event, "status": 204})
    await call(hass, "press_button", DOMAIN, button="CUSTOM_BUTTON_3")
    with pytest.raises(vol.Invalid):
        await call(hass, "press_button", DOMAIN)


async def test_marks_of_another_track(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService
) -> None:
    """A token can be given; without one, and with no music, there is nothing to like."""
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "like", DOMAIN)
    assert raised.value.translation_key == "nothing_plays"
    updated = directive("TemplateRuntime.UpdateLike", {"token": "other", "like": True})
    await answer(cic, "TemplateRuntime.LikeCommandIssued", updated)
    await call(hass, "like", DOMAIN, token="other")
    assert await events(cic, "TemplateRuntime.LikeCommandIssued") == [{"token": "other"}]


# What is browsed


async def test_empty_browser(clova: CicCoordinator, browse: Any) -> None:
    root = await browse()
    assert titles(root) == ["Queue", "Tracks shown", "Lists"]
    for room in root["children"]:
        assert room["can_expand"] and not room["can_play"]
        assert (await browse(room["media_content_id"]))["children"] == []
    assert "no longer there" in (await browse("lists/0123"))["message"]
    assert "no longer there" in (await browse("cellar"))["message"]


@pytest.mark.event("PlaybackController.PlayCommandIssued")
async def test_choosing_a_track(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService, browse: Any
) -> None:
    """From the queue, and from what is shown of the music."""
    await playing(hass, cic, play("TR-2", "ENQUEUE"))
    items = [
        {"token": "TR-3", "titleText": "Third", "showAdultIcon": True},
        {"token": "TR-4", "titleText": "Fourth", "titleSubText1": "Band", "isLive": True},
    ]
    await cic.push(player_info(*items))
    await until(lambda: clova.parts.player_info.tracks.items)
    queue = await browse("queue")
    assert titles(queue) == ["Title of TR-1 – Artist", "Title of TR-2 – Artist"]
    tracks = await browse("tracks")
    assert titles(tracks) == ["🔞 Third", "🔴 Fourth – Band"]
    for chosen, token in ((queue["children"][1], "TR-2"), (tracks["children"][1], "TR-4")):
        assert token not in chosen["media_content_id"]
        await answer(cic, "PlaybackController.PlayCommandIssued", play(token))
        await call(
            hass,
            "play_media",
            media_content_id=chosen["media_content_id"],
            media_content_type=chosen["media_content_type"],
        )
        assert shown(hass).attributes["media_title"] == f"Title of {token}"
        assert (await events(cic, "PlaybackController.PlayCommandIssued"))[-1] == {"token": token}


@pytest.mark.directive("TemplateRuntime.RenderPlaylist")
@pytest.mark.event("TemplateRuntime.SelectCommandIssued")
@pytest.mark.event("TemplateRuntime.MoreCommandIssued")
async def test_lists_inside_lists(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService, browse: Any
) -> None:
    """Down three levels, back without another word to CIC, and down to music."""
    select = "TemplateRuntime.SelectCommandIssued"
    await playing(hass, cic)
    await answer(
        cic,
        "TemplateRuntime.MoreCommandIssued",
        playlist("Of the artist", ("L1", "playlist"), ("T1", "track")),
    )
    await call(hass, "more", DOMAIN)
    assert await events(cic, "TemplateRuntime.MoreCommandIssued") == [{"token": TOKEN}]
    places = [await browse("lists")]
    assert places[0]["title"] == "Of the artist"
    assert [child["can_expand"] for child in places[0]["children"]] == [True, False]
    assert [child["can_play"] for child in places[0]["children"]] == [False, True]
    for level in (2, 3, 4):
        await answer(cic, select, playlist(f"Level {level}", (f"L{level}", "playlist")))
        places.append(await browse(places[-1]["children"][0]["media_content_id"]))
        assert places[-1]["title"] == f"Level {level}"
    told = [{"token": "L1"}, {"token": "L2"}, {"token": "L3"}]
    assert await events(cic, select) == told
    for place in reversed(places):
        again = await browse(place["media_content_id"])
        assert titles(again) == titles(place)
    assert await events(cic, select) == told
    await answer(cic, select, play("TR-9"))
    music = await browse(places[-1]["children"][0]["media_content_id"])
    assert titles(music) == ["Title of TR-9 – Artist"]
    assert shown(hass).attributes["media_title"] == "Title of TR-9"
    await answer(cic, select, play("TR-10"))
    track = places[0]["children"][1]["media_content_id"]
    await call(hass, "play_media", media_content_id=track, media_content_type="music")
    assert (await events(cic, select))[-1] == {"token": "T1"}
    assert shown(hass).attributes["media_title"] == "Title of TR-10"


@pytest.mark.parametrize(
    "content_id", ["http://127.0.0.1/a.mp3", "media-source://tts/x", "queue", "cellar/0123", ""]
)
async def test_sound_of_others(
    hass: HomeAssistant, clova: CicCoordinator, cic: CicService, content_id: str
) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "play_media", media_content_id=content_id, media_content_type="music")
    assert raised.value.translation_key == "only_own_items"
    assert not await events(cic, "PlaybackController.PlayCommandIssued")


async def test_evening_with_the_service(
    hass: HomeAssistant,
    clova: CicCoordinator,
    cic: CicService,
    browse: Any,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """The service as it is, nothing planned: every button, every list, and it finds no fault."""
    await call(hass, "media_play")
    first = shown(hass).attributes["media_title"]
    await cic.push(directive("TemplateRuntime.ExpectRequestPlayerInfo"))
    await until(lambda: shown(hass).attributes.get("liked") is False)
    await call(hass, "like", DOMAIN)
    assert shown(hass).attributes["liked"] is True
    await call(hass, "subscribe", DOMAIN)
    assert shown(hass).attributes["subscribed"] is True
    await until(lambda: clova.parts.player.queue)
    await call(hass, "media_next_track")
    assert shown(hass).attributes["media_title"] != first
    await call(hass, "media_pause")
    assert shown(hass).state == "paused"
    await call(hass, "media_play")
    await call(hass, "more", DOMAIN)
    place = await browse("lists")
    assert place["title"] == "Menu"
    for title in ("Music", "Jazz"):
        place = await browse(place["children"][0]["media_content_id"])
        assert place["title"] == title
    chosen = place["children"][1]
    assert chosen["can_play"]
    await call(
        hass,
        "play_media",
        media_content_id=chosen["media_content_id"],
        media_content_type=chosen["media_content_type"],
    )
    assert chosen["title"].startswith(shown(hass).attributes["media_title"])
    client = await hass_client_no_auth()
    response = await client.get(shown(hass).attributes["entity_picture"])
    assert response.content_type == "image/png"
    await call(hass, "media_stop")
    assert shown(hass).state == "idle"
    told = await cic.control("GET", "illegal")
    assert not [one for one in told["illegal"] if one.get("client") == cic.client]


# Pictures


@pytest.fixture
async def pictures() -> AsyncIterator[SoundServer]:
    """Run a server of pictures."""
    async with sound_server() as server:
        yield server


async def test_pictures(
    hass: HomeAssistant,
    clova: CicCoordinator,
    cic: CicService,
    pictures: SoundServer,
    browse: Any,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """Of the track and of what is browsed: fetched by Home Assistant, as CIC's client."""
    cover = pictures.add("/art", b"picture", content_type="image/png")
    await cic.push(play(artImageUrl=cover))
    await cic.push(player_info({"token": "TR-2", "titleText": "Second", "artImageUrl": cover}))
    await cic.push(playlist("List", ("T1", "track"), imageUri=cover))
    await until(lambda: clova.parts.player_info.lists)
    await until(lambda: "entity_picture" in shown(hass).attributes)
    assert cover not in str(shown(hass).as_dict())
    seen = [shown(hass).attributes["entity_picture"]]
    for room in ("queue", "tracks", "lists"):
        (child,) = (await browse(room))["children"]
        seen.append(child["thumbnail"])
    client = await hass_client_no_auth()
    for address in seen:
        assert "127.0.0.1" not in address
        response = await client.get(address)
        assert response.status == 200
        assert response.content_type == "image/png"
        assert await response.read() == b"picture"
    for headers in pictures.headers:
        assert headers["User-Agent"] == DEFAULT_USER_AGENT
        assert "Authorization" not in headers
        assert cic.access_token not in str(headers)


@pytest.mark.parametrize("place", ["cellar/0123", "queue/0123", "queue", "root"])
async def test_picture_of_nothing(
    hass: HomeAssistant,
    clova: CicCoordinator,
    cic: CicService,
    hass_client: ClientSessionGenerator,
    place: str,
) -> None:
    """A browser that is left open asks for what is no longer there, or never was."""
    client = await hass_client()
    path = f"/api/media_player_proxy/{CLOVA}/browse_media/music/{place}"
    response = await client.get(path)
    assert response.status == 404


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/script", {"body": b"<script>", "content_type": "text/html"}),
        ("/svg", {"body": b"<svg/>", "content_type": "image/svg+xml"}),
        ("/huge", {"body": b"x" * (art.LARGEST_PICTURE + 1), "content_type": "image/png"}),
        ("/gone", {"status": 404, "content_type": "image/png"}),
        ("/inside", {"status": 302, "headers": {"Location": "http://127.1.1.1:9/router"}}),
    ],
)
async def test_what_is_no_picture(
    hass: HomeAssistant,
    clova: CicCoordinator,
    cic: CicService,
    pictures: SoundServer,
    hass_client_no_auth: ClientSessionGenerator,
    path: str,
    page: dict[str, Any],
) -> None:
    """Nothing of it is served in Home Assistant's name."""
    await cic.push(play(artImageUrl=pictures.add(path, **page)))
    await until(lambda: "entity_picture" in shown(hass).attributes)
    client = await hass_client_no_auth()
    response = await client.get(shown(hass).attributes["entity_picture"])
    assert response.status == 404
    assert pictures.asked == [path]
