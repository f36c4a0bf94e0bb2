"""What automations say to a bot and hear of it: the action, the notify entity, the event entity, the trigger."""

from pathlib import Path
from typing import Any

from homeassistant.components.camera import Camera
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest

from custom_components.clova_cic.bots.files import link_to
from custom_components.clova_cic.bots.talk import Waits
from tests.bot_server.client import BotControl
from tests.bot_server.test_uploads import GIF, JPEG, PNG
from tests.integration.automations import automate, on
from tests.integration.conftest import SetUp
from tests.integration.house import engine
from tests.integration.service import CicService, until
from tests.integration.test_actions import act

from .conftest import SetUpBot

VERSIONS = ("v1_1", "v3_0")


async def send(home: HomeAssistant, **data: Any) -> str:
    """Send a message; return the texts of the replies."""
    response = await act(home, "send_message", **data)
    return "\n".join(one["text"] for one in response["replies"])


class Door(Camera):
    """A camera with one picture, or none."""

    _attr_name = "Front door"
    picture: bytes | None = JPEG

    async def async_camera_image(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        return self.picture


@pytest.fixture
async def door(home: HomeAssistant) -> Door:
    """Add a camera."""
    assert await async_setup_component(home, "camera", {})
    camera = Door()
    await home.data["camera"].async_add_entities([camera])
    return camera


@pytest.mark.parametrize("version", VERSIONS)
async def test_text(home: HomeAssistant, set_up_bot: SetUpBot, version: str) -> None:
    await set_up_bot(version=version)
    assert await send(home, text="is it raining") == "You said: is it raining"
    response = await act(home, "send_message", text="menu")
    (asked,) = response["replies"]
    if version == "v3_0":
        assert asked["expects_answer"]
        assert asked["choices"][0] == {"title": "Tea", "value": "Tea"}
    assert await send(home, text="water") == "Water is on its way."
    assert await send(home, text="data", channel_data={"a": 1}) == "You said: data"


@pytest.mark.parametrize(("version", "upload"), [("v1_1", "v1.upload"), ("v3_0", "v3.upload")])
async def test_two_files_and_a_text(
    home: HomeAssistant,
    set_up_bot: SetUpBot,
    levers: BotControl,
    version: str,
    upload: str,
    tmp_path: Path,
) -> None:
    await set_up_bot(version=version)
    home.config.allowlist_external_dirs = {str(tmp_path)}
    (tmp_path / "door.png").write_bytes(PNG)
    (tmp_path / "사진.gif").write_bytes(GIF)
    since = await levers.now()
    files = [str(tmp_path / "door.png"), str(tmp_path / "사진.gif")]
    said = await send(home, text="two pictures", files=files)
    assert "PNG, 640 by 480 pixels" in said
    assert "GIF, 3 by 5 pixels" in said
    (request,) = await levers.requests(since, upload)
    for part in (b"two pictures", b"image/png", b"image/gif", PNG, GIF):
        assert part in request["body"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_one_file(
    home: HomeAssistant, set_up_bot: SetUpBot, version: str, tmp_path: Path
) -> None:
    await set_up_bot(version=version)
    home.config.allowlist_external_dirs = {str(tmp_path)}
    (tmp_path / "list.txt").write_bytes(b"milk")
    assert "text/plain, 4 bytes" in await send(home, files=str(tmp_path / "list.txt"))


@pytest.mark.parametrize("version", VERSIONS)
async def test_links(home: HomeAssistant, set_up_bot: SetUpBot, version: str) -> None:
    """The local bot fetches what is on this machine; that it was asked to is what counts here."""
    await set_up_bot(version=version)
    said = await send(
        home,
        text="look",
        images=["http://127.0.0.1:1/door.png"],
        attachments=["http://127.0.0.1:1/report.pdf"],
    )
    assert "door.png" in said and "report.pdf" in said


async def test_camera(home: HomeAssistant, set_up_bot: SetUpBot, door: Door) -> None:
    await set_up_bot()
    said = await send(home, text="who is it", cameras=door.entity_id)
    assert "front_door.jpg: JPEG, 1920 by 1080 pixels" in said
    door.picture = None
    with pytest.raises(ServiceValidationError) as failed:
        await send(home, cameras=[door.entity_id])
    assert failed.value.translation_key == "bot_no_picture"


async def test_media(home: HomeAssistant, set_up_bot: SetUpBot, tmp_path: Path) -> None:
    home.config.media_dirs = {"local": str(tmp_path)}
    assert await async_setup_component(home, "media_source", {})
    await set_up_bot()
    (tmp_path / "door.png").write_bytes(PNG)
    media = {"media_content_id": "media-source://media_source/local/door.png"}
    assert "door.png: PNG, 640 by 480" in await send(home, media=[media])
    with pytest.raises(ServiceValidationError) as failed:
        await send(home, media=["media-source://nowhere/door.png"])
    assert failed.value.translation_key == "bot_no_such_media"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({}, "bot_says_nothing"),
        ({"files": ["/etc/passwd"]}, "bot_file_not_allowed"),
        ({"files": ["{tmp}/none.txt"]}, "bot_no_such_file"),
        ({"files": ["{tmp}"]}, "bot_no_such_file"),
        ({"files": ["{tmp}/large.bin"]}, "bot_file_too_large"),
        ({"cameras": ["camera.none"]}, "bot_no_picture"),
        ({"images": ["ftp://example.com/a"]}, "bot_not_a_link"),
        ({"images": ["http://["]}, "bot_not_a_link"),
    ],
)
async def test_refused(
    home: HomeAssistant, set_up_bot: SetUpBot, tmp_path: Path, data: dict[str, Any], key: str
) -> None:
    await set_up_bot()
    home.config.allowlist_external_dirs = {str(tmp_path)}
    (tmp_path / "large.bin").write_bytes(bytes(4 * 1024 * 1024 + 1))
    filled = {name: [one.replace("{tmp}", str(tmp_path)) for one in data[name]] for name in data}
    with pytest.raises(ServiceValidationError) as failed:
        await send(home, **filled)
    assert failed.value.translation_key == key


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("192.168.1.5", True),
        ("[fd00::1]", True),
        ("homeassistant", True),
        ("camera.local", True),
        ("example.com", False),
        ("8.8.8.8", False),
    ],
)
def test_links_into_the_house(host: str, private: bool) -> None:
    url = f"https://{host}/a.png"
    if not private:
        assert link_to(url, bot="https://directline.example.com").content_type == "image/png"
        return
    with pytest.raises(ServiceValidationError) as failed:
        link_to(url, bot="https://directline.example.com")
    assert failed.value.translation_key == "bot_private_link"


async def test_failures(home: HomeAssistant, set_up_bot: SetUpBot) -> None:
    bot = await set_up_bot(version="v3_0")
    assert bot._standing is not None
    bot._standing._waits = Waits(answer=0.5)
    assert await act(home, "send_message", text="say nothing") == {"replies": []}
    with pytest.raises(HomeAssistantError) as failed:
        await send(home, text="fail 502")
    assert failed.value.translation_key == "bot_outcome_unknown"


async def test_which_entry(
    home: HomeAssistant, set_up_bot: SetUpBot, cic: CicService, set_up: SetUp
) -> None:
    """A bot and a voice service beside each other: each action finds its own, and says so else."""
    bot = await set_up_bot(version="v3_0")
    service = await set_up(cic)
    assert await send(home, text="hello") == "You said: hello"
    answered = await act(home, "send_text_command", text="what is two plus three")
    assert answered["answer"] == "2 plus 3 is 5."
    with pytest.raises(ServiceValidationError) as failed:
        await send(home, text="x", config_entry_id=service.config_entry.entry_id)
    assert failed.value.translation_key == "entry_no_bot"
    with pytest.raises(ServiceValidationError) as failed:
        await act(home, "send_text_command", text="x", config_entry_id=bot.entry.entry_id)
    assert failed.value.translation_key == "entry_is_a_bot"


async def test_notify_and_what_comes_unasked(
    home: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl
) -> None:
    heard = await automate(home, heard=on("message_received", "{{ trigger.text }}"))
    await set_up_bot(version="v3_0")
    await home.services.async_call(
        "notify",
        "send_message",
        {
            "entity_id": engine(home, "notify"),
            "message": "remind me in 0.2",
        },
        blocking=True,
    )
    expected = ["I will remind you in 0.2 seconds.", "This is your reminder."]
    await until(lambda: heard.of("heard") == expected)
    state = home.states.get(engine(home, "event"))
    assert state is not None and state.attributes["event_type"] == "message"
    assert "reminder" not in str(state.attributes)  # words are not recorded
    await act(home, "send_message", quietly=True, text="event")
    await until(lambda: home.states.get(engine(home, "event")).attributes["event_type"] == "event")
    assert len(heard) == 2
    await levers.set(v3_enabled=False)
    with pytest.raises(HomeAssistantError):
        await home.services.async_call(
            "notify",
            "send_message",
            {"entity_id": engine(home, "notify"), "message": "x", "title": "Title"},
            blocking=True,
        )
