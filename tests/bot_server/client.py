"""Asking the bot: HTTP as a test writes it, and its control interface."""

import base64
from dataclasses import dataclass
import json
from typing import Any

from aiohttp import ClientSession, ClientTimeout

from tests.bot_server.server import RunningBot

# What a loaded machine may take.
SECONDS = 30
V3 = "/v3/directline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    content_type: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["error"]["code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A session with the bot, and a credential."""

    session: ClientSession
    bot: RunningBot
    token: str

    def with_token(self, token: str) -> Caller:
        return Caller(session=self.session, bot=self.bot, token=token)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        given = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        content = {"json": body} if body is not None else {"data": data}
        async with self.session.request(
            method,
            self.bot.address + path,
            headers=given,
            timeout=ClientTimeout(SECONDS),
            **content,
        ) as answer:
            return Answer(
                status=answer.status, content_type=answer.content_type, body=await answer.read()
            )

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.call("POST", path, body, **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotControl:
    """The levers."""

    caller: Caller

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.caller.call(method, f"/control{path}", body)
        assert answer.status == 200, answer
        return answer.json

    async def set(self, **settings: Any) -> None:
        await self.call("PUT", "/settings", settings)

    async def fault(self, kind: str, operation: str = "", **fields: Any) -> None:
        await self.call("POST", "/faults", {"kind": kind, "operation": operation} | fields)

    async def now(self) -> int:
        """Return the log's end."""
        return (await self.call("GET", "/log?since=999999999"))["next"]

    async def requests(self, since: int, operation: str) -> list[dict[str, Any]]:
        """Return what came in since, with bodies as bytes."""
        found = await self.call("GET", f"/log?since={since}")
        return [
            entry | {"body": base64.b64decode(entry["body"])}
            for entry in found["entries"]
            if entry["kind"] == "request" and entry["operation"] == operation
        ]

    async def activities(self, conversation: str) -> list[dict[str, Any]]:
        """Return the bot's own log of a conversation."""
        return (await self.call("GET", f"/activities?conversation={conversation}"))["activities"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation over one version, spoken by a user."""

    caller: Caller
    id: str
    version: str
    user: str = "somebody"

    @property
    def path(self) -> str:
        prefix = "/api" if self.version == "1.1" else V3
        return f"{prefix}/conversations/{self.id}"

    @property
    def messages(self) -> str:
        return f"{self.path}/{'messages' if self.version == '1.1' else 'activities'}"

    async def say(self, text: str, **fields: Any) -> Answer:
        if self.version == "1.1":
            return await self.caller.post(self.messages, {"from": self.user, "text": text} | fields)
        said = {"type": "message", "from": {"id": self.user}, "text": text}
        return await self.caller.post(self.messages, said | fields)

    async def page(self, mark: str | None = None) -> tuple[list[dict[str, Any]], str]:
        query = f"?watermark={mark}" if mark is not None else ""
        answer = await self.caller.get(self.messages + query)
        assert answer.status == 200, answer
        kind = "messages" if self.version == "1.1" else "activities"
        return answer.json[kind], answer.json["watermark"]

    async def heard(self, mark: str | None = None) -> list[dict[str, Any]]:
        """Return what the bot said, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            page, mark = await self.page(mark)
            if not page:
                return [
                    each for each in found if each["from"] not in (self.user, {"id": self.user})
                ]
            found += page

    async def answers(self, text: str) -> list[dict[str, Any]]:
        """Say something; return what the bot answers."""
        _, mark = await self.page()
        while (following := await self.page(mark))[0]:
            mark = following[1]
        answer = await self.say(text)
        assert answer.status in (200, 204), answer
        return await self.heard(mark)


async def talk(caller: Caller, version: str) -> Talk:
    """Start a conversation; what is asked from then on bears its token."""
    prefix = "/api" if version == "1.1" else V3
    answer = await caller.post(f"{prefix}/conversations")
    assert answer.status in (200, 201), answer
    started = answer.json
    return Talk(
        caller=caller.with_token(started["token"]), id=started["conversationId"], version=version
    )
