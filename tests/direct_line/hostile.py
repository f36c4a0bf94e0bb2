"""A site that does everything wrong a network and a tired service can, by the seed it is given."""

import asyncio
from collections import Counter
import json
from random import Random
from typing import Any

from aiohttp import web

from custom_components.clova_cic.direct_line import Version

from .peer import ERROR_PAGE, Answer, Peer, drop, dropped, replies, says

# How often of a thousand requests each happens, one at the most.
READ_FAULTS: dict[str, int] = {
    "dropped": 60,
    "cut": 40,
    "server error": 30,
    "error page": 20,
    "no list": 20,
    "busy": 10,
    "late": 60,
    "empty": 60,
    "twice": 100,
    "watermark back": 60,
    "no watermark": 60,
    "strange entries": 50,
}
SEND_FAULTS: dict[str, int] = {
    "dropped": 40,
    "reply dropped": 60,
    "failed": 40,
    "failed after all": 40,
    "busy": 30,
    "refused": 20,
    "token refused": 20,
    "late": 50,
}
FRAME_FAULTS: dict[str, int] = {
    "twice": 100,
    "no watermark": 80,
    "unknown": 40,
    "keep-alive": 60,
    "no JSON": 20,
    "closed": 20,
    "broken": 20,
}


class HostilePeer(Peer):
    """Keeps one promise: what follows a watermark is in the log after what led to it."""

    def __init__(self, version: Version, seed: int) -> None:
        super().__init__(version)
        self.random = Random(seed)
        self.happened: Counter[str] = Counter()
        self.late: set[asyncio.Task[None]] = set()
        self.says = lambda message: [
            f"{message['text']}, answer {number}" for number in range(self.random.randint(0, 12))
        ]

    def fault(self, faults: dict[str, int]) -> str | None:
        at = self.random.randrange(1000)
        for name, share in faults.items():
            if (at := at - share) < 0:
                self.happened[name] += 1
                return name
        return None

    async def read(self, request: web.Request) -> web.StreamResponse:
        fault = self.fault(READ_FAULTS)
        plain: dict[str | None, Answer] = {
            "dropped": dropped,
            "server error": says(self.random.choice([500, 502, 503, 504])),
            "error page": ERROR_PAGE,
            "no list": replies({"messages": None, "activities": None}),
            "busy": replies({}, 429, **{"Retry-After": "0"}),
        }
        if fault in plain:
            return await plain[fault](request)
        begin = self.position(request.query.get("watermark"))
        if fault == "watermark back":
            begin = max(0, begin - self.random.randint(1, 30))
        size = 0 if fault == "empty" else self.random.choice([1, 2, 3, 7, 50])
        page = self.page(begin, min(begin + size, len(self.log)))
        self.spoil(page, fault)
        if fault == "late":
            await asyncio.sleep(0.005)
        if fault == "cut":
            return await cut(request, page)
        return web.json_response(page)

    def spoil(self, page: dict[str, Any], fault: str | None) -> None:
        entries = page["messages" if self.version is Version.V1 else "activities"]
        match fault:
            case "twice":
                entries += entries[-3:]
            case "no watermark":
                page["watermark"] = self.random.choice([None, ""])
            case "strange entries":
                entries[1:1] = [None, 7, "text", []]

    async def send(self, request: web.Request) -> web.StreamResponse:
        message = await request.json()
        match self.fault(SEND_FAULTS):
            case "dropped":
                return await dropped(request)
            case "reply dropped":
                self.later(message)
                return await dropped(request)
            case "failed":
                return await says(self.random.choice([500, 502, 504]))(request)
            case "failed after all":
                self.later(message)
                return await replies({"error": {"code": "BotError"}}, 502)(request)
            case "busy":
                return await replies({}, 429, **{"Retry-After": "0"})(request)
            case "refused":
                return await replies({"error": {"code": "MalformedData"}}, 400)(request)
            case "token refused":
                return await replies({"message": "BadArgument:Security token"}, 403)(request)
            case "late":
                await asyncio.sleep(0.005)
        self.later(message)
        return web.Response(status=204)

    def later(self, message: dict[str, Any]) -> None:
        """Let the bot hear a message, now or a moment later than it is confirmed."""
        self.heard.append(message)
        task = asyncio.create_task(self.answer(message))
        self.late.add(task)
        task.add_done_callback(self.late.discard)

    async def answer(self, message: dict[str, Any]) -> None:
        if pause := self.random.choice([0, 0, 0.002]):
            await asyncio.sleep(pause)
        # the echo often comes last
        answers = [(text, "bot") for text in self.says(message)]
        echo = (message["text"], "dl_7f31")
        for text, sender in self.random.choice([[*answers, echo], [echo, *answers]]):
            await self.say(text, sender=sender)

    async def feed(self, socket: web.WebSocketResponse, position: int) -> None:
        position = max(0, position - self.random.choice([0, 0, 5]))
        while True:
            async with self.changed:
                while position == len(self.log):
                    await self.changed.wait()
            end = min(position + self.random.choice([1, 2, 5, 40]), len(self.log))
            page, fault = self.page(position, end), self.fault(FRAME_FAULTS)
            self.spoil(page, fault)
            match fault:
                case "unknown":
                    await socket.send_json({"handoff": []})
                case "keep-alive":
                    await socket.send_str("")
                case "no JSON":
                    await socket.send_str("{")
                case "closed":
                    await socket.close()
                    return
                case "broken":
                    drop(socket._req)
                    return
            await socket.send_json(page)
            position = end


async def cut(request: web.Request, page: dict[str, Any]) -> web.StreamResponse:
    """Answer half a page, and break off."""
    body = json.dumps(page).encode()
    response = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    drop(request)
    return response
