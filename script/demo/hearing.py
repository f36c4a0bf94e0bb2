"""One command through the pipeline: spoken, as a satellite would do it, or typed."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp

from .failure import Failure, Source
from .home_api import HomeApi
from .speech import FRAME_SECONDS, Speech

RUN_SECONDS = 90.0
# After the run has ended: the rest of the sound, at the speed of the network.
SOUND_SECONDS = 30.0
_MICROPHONE_CLOSES = ("stt-vad-end", "stt-end", "error", "run-end")
# Events whose first moment is kept.
_MARKED = ("run-start", "stt-vad-end", "stt-end", "intent-end", "run-end", "error")


@dataclass(slots=True, kw_only=True)
class Heard:
    """What came of it, and when, in milliseconds from the first frame of the microphone, or the typed text."""

    recognised: str | None = None
    answer: str | None = None
    is_error_answer: bool = False
    conversation_id: str | None = None
    asks_back: bool = False
    sound_bytes: int = 0
    error: str | None = None
    marks: dict[str, float] = field(default_factory=dict)


class Run:
    """One run of a pipeline."""

    def __init__(self, api: HomeApi, said: Speech | str, sound_file: Path, *, fast: bool) -> None:
        """Prepare; go() does it, once. A text is typed."""
        self._api = api
        self._said = said
        self._sound_file = sound_file
        self._pause = 0.0 if fast else FRAME_SECONDS
        self._heard = Heard()
        self._began = monotonic()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._speaks = False

    async def go(self, pipeline_id: str, conversation_id: str | None) -> Heard:
        """Speak or type, listen to the answer, and return what was seen of it; raises Failure."""
        typed = isinstance(self._said, str)
        request: dict[str, Any] = {
            "start_stage": "intent" if typed else "stt",
            "end_stage": "tts",
            "input": {"text": self._said} if typed else {"sample_rate": 16_000},
            "pipeline": pipeline_id,
            "timeout": RUN_SECONDS,
        }
        if conversation_id is not None:
            request["conversation_id"] = conversation_id
        try:
            async with (
                asyncio.timeout(RUN_SECONDS),
                self._api.subscribed("assist_pipeline/run", **request) as messages,
            ):
                await self._follow(messages)
                await self._hear_out()
        except TimeoutError:
            raise Failure(
                f"The answer took longer than {RUN_SECONDS:.0f} s.", Source.HOME
            ) from None
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        return self._heard

    async def _follow(self, messages: asyncio.Queue[dict[str, Any]]) -> None:
        """Act on the run's events until its end."""
        while True:
            message = await self._api.next_of(messages, "the pipeline")
            if message["type"] == "result":
                if not message["success"]:
                    raise Failure(
                        f"The pipeline did not start: {message['error']['message']}.", Source.HOME
                    )
                continue
            kind, data = message["event"]["type"], message["event"]["data"] or {}
            if kind in _MARKED:
                self._mark(kind.replace("-", "_"))
            self._take(kind, data)
            if kind in _MICROPHONE_CLOSES and (microphone := self._tasks.get("microphone")):
                microphone.cancel()
            if kind == "run-end":
                return

    def _take(self, kind: str, data: dict[str, Any]) -> None:
        """Keep what an event tells."""
        heard = self._heard
        match kind:
            case "run-start":
                self._began = monotonic()
                heard.marks = {"run_start": 0.0}
                if not isinstance(self._said, str):
                    speaking = self._speak(data["runner_data"]["stt_binary_handler_id"], self._said)
                    self._tasks["microphone"] = asyncio.create_task(speaking)
                self._tasks["sound"] = asyncio.create_task(self._listen(data["tts_output"]["url"]))
            case "stt-end":
                heard.recognised = data["stt_output"]["text"]
            case "intent-end":
                output = data["intent_output"]
                heard.conversation_id = output["conversation_id"]
                heard.asks_back = output["continue_conversation"]
                response = output["response"]
                heard.is_error_answer = response["response_type"] == "error"
                heard.answer = response["speech"].get("plain", {}).get("speech")
            case "tts-start":
                self._speaks = True
            case "error":
                heard.error = f"{data['code']}: {data['message']}"

    def _mark(self, name: str) -> None:
        self._heard.marks.setdefault(name, round((monotonic() - self._began) * 1000, 1))

    async def _speak(self, handler: int, speech: Speech) -> None:
        """Send the frames as a microphone does: each when its time has come; then the end."""
        last_spoken = speech.last_spoken_frame
        try:
            for number, frame in enumerate(speech.frames):
                await asyncio.sleep(self._began + (number + 1) * self._pause - monotonic())
                await self._api.send_sound(handler, frame)
                if number == last_spoken:
                    self._mark("speech_end")
        finally:
            # a closed connection is seen elsewhere
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                await self._api.send_sound(handler, b"")

    async def _listen(self, path: str) -> None:
        """Read the answer's sound as it streams, into the file."""
        url = self._api.url + path
        try:
            async with self._api.session.get(url) as response:
                response.raise_for_status()
                with self._sound_file.open("wb") as file:
                    async for chunk in response.content.iter_any():
                        self._mark("first_sound")
                        self._heard.sound_bytes += len(chunk)
                        file.write(chunk)
            self._mark("sound_end")
        except aiohttp.ClientResponseError as err:
            self._heard.error = f"the sound could not be had: status {err.status}"
        except aiohttp.ClientError as err:
            self._heard.error = f"the sound could not be had: {type(err).__name__}"

    async def _hear_out(self) -> None:
        """Wait for the rest of the sound, if there is to be any: an answer may be orders alone."""
        sound = self._tasks.get("sound")
        if sound is None or (self._heard.error and not self._heard.sound_bytes):
            return
        if not self._speaks and not self._heard.sound_bytes:
            return
        done, _ = await asyncio.wait({sound}, timeout=SOUND_SECONDS)
        if not done:
            self._heard.error = f"the sound did not end within {SOUND_SECONDS:.0f} s"
