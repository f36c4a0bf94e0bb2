"""Music of ours, at the will of a test: play, hand over, press a button, seek."""

from typing import Any

from cic_server.dialogs import DEFAULT_CLIENT
from cic_server.http import Request
from cic_server.messages import RefusedError
from cic_server.music.catalogue import PLAYLISTS, TRACKS, track_of
from cic_server.music.orders import ENQUEUE, REPLACE, controller, play
from cic_server.service import Service

from .common import Handlers, client_in, object_in, push_to

BUTTONS = ("Next", "Pause", "Previous", "Resume", "Stop")


async def _catalogue(service: Service, request: Request) -> Any:
    player = service.player_of(request.query.get("client", [DEFAULT_CLIENT])[0])
    return {
        playlist.name: [
            {
                "id": track.id,
                "title": track.title,
                "artist": track.artist,
                "seconds": track.seconds,
                "pitch": track.pitch,
                "kind": track.kind.value,
                "url": player.addresses.of(track),
            }
            for track in playlist.tracks
        ]
        for playlist in PLAYLISTS.values()
    }


async def _play(service: Service, request: Request) -> Any:
    """Push Plays of some of our tracks; their audioItem and stream can be changed."""
    body = await request.read_json()
    client = client_in(body)
    names = body.get("tracks")
    if not isinstance(names, list) or not names or any(name not in TRACKS for name in names):
        raise RefusedError(400, "tracks is a list of ids (GET /control/catalogue)")
    behavior = str(body.get("behavior", REPLACE))
    player = service.player_of(client)
    orders = []
    for name in names:
        order = play(TRACKS[name], player, behavior)
        item = order.payload["audioItem"]
        item["stream"] |= object_in(body, "stream")
        item |= object_in(body, "item")
        orders.append(order)
        behavior = ENQUEUE
    push_to(service, client, orders)
    return {"tokens": [order.payload["audioItem"]["stream"]["token"] for order in orders]}


async def _hand_over(service: Service, request: Request) -> Any:
    """Have one client take over what another one plays."""
    body = await request.read_json()
    giver, taker = client_in(body, "from"), client_in(body, "to")
    token = service.player_of(giver).token
    if track_of(token) is None:
        raise RefusedError(400, f"{giver} plays nothing that can be handed over")
    handover = {"customData": "{}", "deviceId": giver}
    order = controller("ExpectPlayCommand", {"token": token, "handover": handover})
    push_to(service, taker, [order])
    return {"token": token}


async def _expect(service: Service, request: Request) -> Any:
    """Have a client behave as if one of its buttons were pressed, as a remote app does."""
    body = await request.read_json()
    command, target = body.get("command"), body.get("target")
    if command not in BUTTONS:
        raise RefusedError(400, f"command is one of {', '.join(BUTTONS)}")
    payload = {} if target is None else {"target": {"namespace": target}}
    push_to(service, client_in(body), [controller(f"Expect{command}Command", payload)])
    return {}


async def _seek(service: Service, request: Request) -> Any:
    """Be told that the user of a client has sought in what plays: no event tells."""
    service.verdicts.of(client_in(await request.read_json())).sought()
    return {}


MUSIC: Handlers = {
    ("GET", "/control/catalogue"): _catalogue,
    ("POST", "/control/play"): _play,
    ("POST", "/control/handover"): _hand_over,
    ("POST", "/control/expect"): _expect,
    ("POST", "/control/seek"): _seek,
}
