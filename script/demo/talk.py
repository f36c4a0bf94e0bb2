"""The conversation: one command after the other, each with what was seen of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .arguments import Options
from .counting import Counts, count, is_said
from .failure import Failure, Source
from .furnish import LIGHT, Furnished, diagnostics
from .hearing import Run
from .home_api import HomeApi
from .judging import Answerer, problems
from .player import Playing, look, watch
from .report import Turn
from .sentences import BOT, Sentence
from .server import Control
from .speech import Speech, read_wav, synthesize
from .state import State

# After the sound: until the server has logged the dialog's end, the integration its turn's.
SETTLE_SECONDS = 5.0
# Longer than any answer of the bot takes to be said.
LISTEN_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Everything that is needed to speak to Home Assistant."""

    api: HomeApi
    control: Control
    furnished: Furnished
    state: State
    options: Options

    async def say_all(self, sentences: Sequence[Sentence]) -> list[Turn]:
        """Say them; show each turn when it is over; raises Failure where none can follow."""
        for sentence in sentences:
            self._pipeline_of(sentence)
        for old in self.state.answers.glob("*.mp3"):
            old.unlink()
        turns: list[Turn] = []
        conversation: str | None = None
        for number, sentence in enumerate(sentences, 1):
            turn = await self._say(number, sentence, conversation)
            print(f"\n{number:2}\n{turn.as_text()}", flush=True)
            conversation = turn.heard.conversation_id if turn.heard.asks_back else None
            turns.append(turn)
        print()
        return turns

    def _pipeline_of(self, sentence: Sentence) -> dict[str, Any]:
        name = self.options.pipeline or sentence.pipeline
        pipelines = self.furnished.pipelines
        if name not in pipelines:
            known = ", ".join(f"“{each}”" for each in pipelines)
            raise Failure(f"There is no pipeline “{name}”; there are {known}.")
        return pipelines[name]

    async def _say(self, number: int, sentence: Sentence, conversation: str | None) -> Turn:
        pipeline = self._pipeline_of(sentence)
        said = await self._sound_of(number, sentence)
        answerer = Answerer.BOT if pipeline["name"] == BOT else Answerer.CLOUD
        if sentence.light is not None and await self._prepare_light(sentence, pipeline):
            answerer = Answerer.HOME
        turns_before = await self._turns()
        player_before = await self._player()
        _, since = await self.control.log(0)
        sound_file = self.state.answers / f"{number:02}.mp3"
        run = Run(self.api, said, sound_file, fast=self.options.fast)
        heard = await run.go(pipeline["id"], conversation)
        counts = await self._count(since)
        if answerer is Answerer.BOT:
            await self._hear_out(since)
        is_turn = not (sentence.typed and answerer is Answerer.BOT)
        own = await self._own_turn(turns_before) if is_turn else {}
        turn = Turn(
            said=sentence.said,
            pipeline=pipeline["name"],
            heard=heard,
            counts=counts,
            marks=own.get("marks", {}),
            outcome=own.get("outcome"),
            sound_file=sound_file,
            typed=sentence.typed,
            light=None if sentence.light is None else await self._light(),
        )
        await self._see_player(turn, sentence, player_before)
        turn.problems = problems(turn, sentence, answerer)
        return turn

    async def _sound_of(self, number: int, sentence: Sentence) -> Speech | str:
        if sentence.typed:
            return sentence.said
        if sentence.file is not None:
            return read_wav(sentence.file)
        return await synthesize(sentence.said, self.state.speech / f"{number:02}.wav")

    async def _prepare_light(self, sentence: Sentence, pipeline: dict[str, Any]) -> bool:
        """Turn the light the other way; tell whether Home Assistant is to act on the sentence.

        Without a transcript there is nothing it could act on.
        """
        await self.api.act("light", "turn_off" if sentence.light else "turn_on", entity_id=LIGHT)
        return pipeline["prefer_local_intents"] and self.options.transcript

    async def _player(self) -> Playing:
        playing = await look(self.furnished.player_port)
        if playing is None:
            raise Failure("mpd does not answer.", Source.PLAYER)
        return playing

    async def _see_player(self, turn: Turn, sentence: Sentence, before: Playing) -> None:
        """Note what the player does, once it is what is wanted of it."""
        if sentence.player is not None:
            port = self.furnished.player_port
            now, turn.is_player_right = await watch(port, before, sentence.player)
        else:
            now = await self._player()
        if sentence.player is not None or not now.is_idle:
            turn.player = now.as_text(await self.control.titles())

    async def _light(self) -> str:
        return (await self.api.state(LIGHT))["state"]

    async def _count(self, since: int) -> Counts:
        """Count what the server has logged until now, once it has logged the dialogs' ends too."""
        entries, until = await self.control.log(since)
        counts, newest = count(entries, until), until
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while not counts.is_settled:
                    more, newest = await self.control.log(newest, wait=1.0)
                    entries += more
                    counts = count(entries, until)
        except TimeoutError:
            pass  # counted as it stands: that is a problem of the turn
        return counts

    async def _hear_out(self, since: int) -> None:
        """Listen to the end, as whoever answers a question does; raises Failure where none is told."""
        entries, newest = await self.control.log(since)
        try:
            async with asyncio.timeout(LISTEN_SECONDS):
                while not is_said(entries):
                    more, newest = await self.control.log(newest, wait=1.0)
                    entries += more
        except TimeoutError:
            raise Failure(
                f"The server was not told within {LISTEN_SECONDS:.0f} s that the answer was heard.",
                Source.HOME,
            ) from None

    async def _turns(self) -> list[dict[str, Any]]:
        own = await diagnostics(self.api, self.furnished.entry_id)
        turns: list[dict[str, Any]] = own["turns"]
        return turns

    async def _own_turn(self, before: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the integration's own account of the turn; empty where it gives none."""
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while (turns := await self._turns()) == before or not turns:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            return {}
        return turns[-1]
