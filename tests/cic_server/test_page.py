"""The control page, and the field tables it is made from."""

import base64
from datetime import datetime
import hashlib
import json
from pathlib import Path
import re
from typing import Any
import urllib.request

import pytest

from cic_server.field_tables import TABLES, Field, read_tables
from tests.cic_server.client import Client, Control
from tests.cic_server.mp3 import frames_in

_INDEX = Path(__file__).parents[2] / "docs" / "interfaces_index.txt"
UNLISTED = {
    "AudioPlayer.SynchronizePlaybackState",
    "Clova.RenderSuggestion",
    "Clova.RequestLogin",
    "System.Exception",
}


def indexed() -> dict[str, bool]:
    """Return the index's directives, and whether it calls them deprecated."""
    lines = _INDEX.read_text().partition("[directives]")[2].partition("[events]")[0].split("\n")
    return {words[0]: "deprecated" in words for line in lines if (words := line.split())}


async def test_the_page_is_whole_and_holds_no_secret(client: Client) -> None:
    stream = await client.request("GET", "/control/", authorization="")
    assert await stream.status == 200
    page = (await stream.body()).decode()
    assert client.server.control_token not in page
    assert client.server.access_token not in page
    # nothing is fetched from elsewhere, nor could it be
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", page)
    policy = stream.headers["content-security-policy"]
    for tag in ("script", "style"):
        [source] = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy


async def test_what_the_page_asks_for_needs_the_token(client: Client) -> None:
    for method, path in (
        ("GET", "/control/directives"),
        ("POST", "/control/"),
        ("GET", "/control/x"),
    ):
        assert await (await client.request(method, path)).status == 401


def test_every_directive_has_a_table() -> None:
    tables = {f"{table.namespace}.{table.name}": table for table in TABLES}
    assert len(tables) == len(TABLES)
    assert tables.keys() == indexed().keys() | UNLISTED
    assert len(indexed()) == 72
    for name, table in tables.items():
        mark = "unlisted" if name in UNLISTED else "deprecated" if indexed()[name] else ""
        assert table.mark == mark, name


def of_type(field: Field) -> Any:
    kinds: dict[str, Any] = {
        "string": str,
        "number": int | float,
        "boolean": bool,
        "object": dict,
        "object array": list,
        "string array": list,
    }
    return kinds[field.type]


def test_examples_are_of_their_type_and_have_what_is_required() -> None:
    for table in TABLES:
        for field in table.fields:
            where = f"{table.name}: {field.path}"
            assert field.example is not None or not field.is_required, where
            if field.example is None:
                continue
            example = json.loads(field.example)
            assert isinstance(example, of_type(field)), where
            assert not field.values or example in field.values, where


@pytest.mark.parametrize(
    "text", ["token | string | R | 1", "A.B\ntoken | string", "A.B\ntoken | string | X | 1"]
)
def test_a_broken_table_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="token"):
        read_tables(text)


async def test_every_example_can_be_pushed(client: Client, control: Control) -> None:
    channel = await client.downchannel()
    path = f"/control/directives?client={client.name}"
    offered = (await control.call("GET", path))["directives"]
    assert len(offered) == len(TABLES)
    for each in offered:
        header = {"namespace": each["namespace"], "name": each["name"]}
        directive = {"header": header, "payload": each["example"]}
        body = {"client": client.name, "directive": directive}
        assert await control.call("POST", "/control/directives", body) == {"downchannels": 1}
        part = await channel.part(f"{each['namespace']}.{each['name']}")
        while part.payload != each["example"]:  # the greeting's
            part = await channel.part(f"{each['namespace']}.{each['name']}")


async def test_examples_are_alive(client: Client, control: Control) -> None:
    path = f"/control/directives?client={client.name}"
    first, second = [
        {each["name"]: each["example"] for each in (await control.call("GET", path))["directives"]}
        for _ in range(2)
    ]
    for url in (first["Speak"]["url"], first["Play"]["audioItem"]["stream"]["url"]):
        with urllib.request.urlopen(url) as answer:
            assert frames_in(answer.read()) > 5
    alert = first["SetAlert"]
    assert alert["token"] != second["SetAlert"]["token"]
    ahead = datetime.fromisoformat(alert["scheduledTime"]) - datetime.now().astimezone()
    assert 0 < ahead.total_seconds() <= 20
    assert '"$' not in json.dumps(first)


async def test_directives_stand_in_the_log(client: Client, control: Control) -> None:
    since = await control.now()
    await client.downchannel()
    found = await control.entry(since, "directive", client=client.name, name="Hello")
    assert "payload" not in found
