"""The demonstration from its first process to its last."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

from .arguments import Options
from .automations import Automations
from .bot import ReadyBot, start_bot, wait_bot_ready
from .failure import Failure, Source
from .furnish import (
    SPEAKER,
    Furnished,
    choose_output,
    furnish_bot,
    furnish_entry,
    furnish_light,
    furnish_pipelines,
    furnish_player,
    wait_running,
)
from .home import prepare, start_home, wait_for_web
from .home_api import PASSWORD, USER, HomeApi
from .player import start_player
from .processes import Children
from .pushes import push_alarm, push_directive, push_speech, stop_alarm
from .report import Turn, write
from .sentences import CLOVA, Sentence
from .server import Control, Ready, start_server, wait_server_ready
from .speech import read_wav
from .state import HOST, State
from .steps import step
from .talk import Talk


class InterruptedEarlyError(Exception):
    """A signal came before everything was shown."""


class Show:
    """One demonstration; what goes wrong raises Failure."""

    def __init__(self, options: Options, state: State, children: Children) -> None:
        """Prepare; run() does it."""
        self._options = options
        self._state = state
        self._children = children

    async def run(self, stack: AsyncExitStack) -> str:
        """Start everything and say everything; return where the web interface is."""
        port = self._state.port("home_assistant", self._options.port)
        url = f"http://{HOST}:{port}"
        ready = await self._start_server()
        bot = await self._start_bot()
        with step("mpd plays"):
            player_port = await self._children.guard(start_player(self._state, self._children))
        await self._start_home(url, port)
        api = await self._children.guard(self._connect(stack, url))
        furnished = await self._children.guard(self._furnish(api, ready, bot, player_port))
        control = await stack.enter_async_context(Control(ready))
        await self._children.guard(self._perform(api, control, furnished))
        return url

    async def _start_server(self) -> Ready:
        with step("the CIC server listens"):
            child = await start_server(self._state, self._options, self._children)
            ready = await self._children.guard(wait_server_ready(self._state))
        child.secrets += ready.secrets
        return ready

    async def _start_bot(self) -> ReadyBot:
        with step("the local bot listens"):
            child = await start_bot(self._state, self._children)
            ready = await self._children.guard(wait_bot_ready(self._state))
        child.secrets += ready.secrets
        return ready

    async def _start_home(self, url: str, port: int) -> None:
        with step("Home Assistant answers"):
            prepare(self._state, port)
            await start_home(self._state, url, self._children)
            await self._children.guard(wait_for_web(url))

    async def _connect(self, stack: AsyncExitStack, url: str) -> HomeApi:
        with step("Home Assistant has started"):
            api = await stack.enter_async_context(HomeApi.connected(url))
            await wait_running(api)
        return api

    async def _furnish(
        self, api: HomeApi, ready: Ready, bot: ReadyBot, player_port: int
    ) -> Furnished:
        with step("the kitchen has a light"):
            await furnish_light(api)
        with step("the integration is connected to the CIC server"):
            entry_id = await furnish_entry(api, ready)
        with step("the local bot is an agent"):
            bot_id = await furnish_bot(api, bot)
        with step("the pipelines are there"):
            pipelines = await furnish_pipelines(api, entry_id, bot_id)
        with step("music goes to mpd"):
            player = await furnish_player(api, player_port)
            await choose_output(api, entry_id, player)
        return Furnished(
            entry_id=entry_id, pipelines=pipelines, player=player, player_port=player_port
        )

    async def _perform(self, api: HomeApi, control: Control, furnished: Furnished) -> None:
        talk = Talk(
            api=api,
            control=control,
            furnished=furnished,
            state=self._state,
            options=self._options,
        )
        automations = await Automations.begin(api)
        turns = await talk.say_all(self._sentences())
        if self._options.report is not None:
            write(self._options.report, turns)
        _judge(turns)
        if self._options.whole_show:
            with step("the cloud pushes a text: an automation keeps it"):
                kept = await push_directive(api, control)
            print(f"         {kept}")
            with step("the cloud pushes speech: a speaker plays it"):
                await choose_output(api, furnished.entry_id, SPEAKER)
                size = await push_speech(api, control)
                await choose_output(api, furnished.entry_id, furnished.player)
            print(f"         {size} bytes of sound")
            await self._show_automations(automations, control)
        _judge_order(await control.illegal())

    async def _show_automations(self, automations: Automations, control: Control) -> None:
        with step("the cloud sets an alarm"):
            await push_alarm(control)
        with step("automations have run on what came and on what was said"):
            shown = await automations.show()
        print("\n".join(f"         {line}" for line in shown))
        await stop_alarm(control)

    def _sentences(self) -> tuple[Sentence, ...]:
        options = self._options
        if options.transcript or not options.whole_show:
            return options.sentences
        print("         without transcripts neither Home Assistant nor the bot learns what is said")
        return tuple(one for one in options.sentences if one.pipeline == CLOVA)


def _judge(turns: list[Turn]) -> None:
    failed = [turn for turn in turns if turn.problems]
    if failed:
        first = failed[0]
        what = "; ".join(first.problems).rstrip(".")
        # an answer that is only another one than expected stands in nobody's log
        broken = any(turn.heard.error or turn.heard.is_error_answer for turn in failed)
        raise Failure(
            f"{len(failed)} of {len(turns)} commands did not work; “{first.said}”: {what}.",
            Source.HOME if broken else None,
        )


def _judge_order(illegal: list[dict[str, Any]]) -> None:
    if illegal:
        first = illegal[0]
        raise Failure(
            f"The server was told {len(illegal)} thing(s) that no document allows; "
            f"{first['what']}: {first['reason']}.",
            Source.HOME,
        )


async def _unless[T](interrupted: asyncio.Event, work: Coroutine[Any, Any, T]) -> T:
    """Do something; raises InterruptedEarlyError when a signal comes first."""
    task, signal = asyncio.create_task(work), asyncio.create_task(interrupted.wait())
    try:
        await asyncio.wait({task, signal}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise InterruptedEarlyError
        return task.result()
    finally:
        for each in (task, signal):
            each.cancel()
        await asyncio.gather(task, signal, return_exceptions=True)


async def demonstrate(options: Options, interrupted: asyncio.Event) -> None:
    """Show everything, then end what was started; raises Failure or InterruptedEarlyError."""
    for sentence in options.sentences:
        if sentence.file is not None:
            read_wav(sentence.file)
    state = State(options.state)
    with state.locked():
        async with Children() as children, AsyncExitStack() as stack:
            try:
                url = await _unless(interrupted, Show(options, state, children).run(stack))
                if not options.once:
                    print(f"\nHome Assistant stays up: {url}   user {USER}   password {PASSWORD}")
                    print("Ctrl-C ends it.", flush=True)
                    await children.guard(interrupted.wait())
            except Failure as failure:
                failure.add_note(children.tail_of(failure.source))
                raise
            finally:
                await stack.aclose()
                if children:
                    with step("everything is stopped"):
                        await children.stop()
