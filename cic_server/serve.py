"""Running the kept HTTP/2 server until a signal comes."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
from dataclasses import dataclass
from datetime import datetime, tzinfo
import json
import logging
import os
from pathlib import Path
import signal
import socket
import time
from zoneinfo import ZoneInfo

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP2Settings
from granian.server.embed import Server

from .alerts.shelf import FOLDER as ALERTS_FOLDER, Shelf
from .app import Application
from .channels import Downchannels
from .data_dir import Tokens, load_tokens, write_private
from .dialogs import Memory
from .engines import Recognizer
from .engines.espeak import EspeakSynthesizer
from .engines.recognizer import PocketsphinxRecognizer
from .journal import Journal
from .messages import Directive
from .music.addresses import Addresses, Grants
from .music.library import Library
from .music.listener import MediaListener
from .music.tunes import Tunes
from .order.verdicts import Verdicts
from .service import Service
from .settings import Settings
from .spoken import SpokenTexts
from .tls import TlsFiles, ensure_certificates

_LOGGER = logging.getLogger(__name__)

# Seconds open requests get to end after a stop signal.
STOP_SECONDS = 0.3
# Seconds the listener may take to come up.
START_SECONDS = 10.0
# A downchannel plus uploads, answers and status events at once.
MAX_STREAMS = 200
_MEDIA_PORT_FILE = "media_port"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line."""

    # Whether the recogniser is started only when somebody first speaks.
    lazy: bool = False
    host: str
    port: int
    # 0: the last one, or any.
    media_port: int
    data_dir: Path
    ready_file: Path | None
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What a client needs to know."""

    host: str
    port: int
    media_port: int
    tokens: Tokens
    tls: TlsFiles

    @property
    def address(self) -> str:
        """The base URI."""
        return f"https://{_in_uri(self.host)}:{self.port}"

    @property
    def media_address(self) -> str:
        """Where players fetch music."""
        return f"http://{_in_uri(self.host)}:{self.media_port}"

    @property
    def control_page(self) -> str:
        """The control page; its token is in the fragment, which no browser sends."""
        return f"{self.address}/control/#{self.tokens.control}"

    def as_json(self) -> str:
        """Return the ready file's content."""
        content = {
            "address": self.address,
            "port": self.port,
            "media_address": self.media_address,
            "access_token": self.tokens.access,
            "control_token": self.tokens.control,
            "ca_file": str(self.tls.authority),
            "pid": os.getpid(),
        }
        return json.dumps(content, indent=2)


def _in_uri(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _reserve_port(host: str, port: int) -> tuple[socket.socket, int]:
    """Bind a socket that never listens: it keeps the port ours until the server has it too.

    Raises OSError when another program listens there: the server itself would share the port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
    holder = socket.socket(family, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((host, port))
    return holder, holder.getsockname()[1]


def _make_server(app: Application, listening: Listening) -> Server:
    return Server(
        app,
        listening.host,
        listening.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http2,
        http2_settings=HTTP2Settings(max_concurrent_streams=MAX_STREAMS),
        websockets=False,
        log_enabled=False,
        ssl_cert=listening.tls.certificate,
        ssl_key=listening.tls.key,
    )


def make_service(
    tokens: Tokens,
    settings: Settings,
    recognizer: Recognizer,
    base: Callable[[], str],
    data_dir: Path,
    clock: Callable[[], float] = time.monotonic,
) -> Service:
    """Return the service; `base` tells, once it is known, where its music lies.

    What is to outlive it lies in `data_dir`.
    """
    journal = Journal()
    service: Service

    def sent(client: str, directive: Directive) -> None:
        service.sent(client, directive)

    grants = Grants(clock, lambda: service.settings.grant_seconds)
    synthesizer = EspeakSynthesizer()
    texts = SpokenTexts(synthesizer)
    verdicts = Verdicts(journal, clock)
    zone = local_zone()

    def now() -> datetime:
        return datetime.now(zone)

    def addresses(client: str) -> Addresses:
        return Addresses(base=base(), client=client, grants=grants, texts=texts)

    shelf = Shelf(data_dir / ALERTS_FOLDER, now)
    service = Service(
        tokens=tokens,
        settings=settings,
        journal=journal,
        channels=Downchannels(journal, clock, sent, lambda client: verdicts.of(client).gone()),
        recognizer=recognizer,
        synthesizer=synthesizer,
        now=now,
        memory=Memory(addresses, lambda: service.settings, now, shelf.forget),
        verdicts=verdicts,
        grants=grants,
        texts=texts,
        shelf=shelf,
    )
    return service


def local_zone() -> tzinfo:
    """Return the machine's zone, with its changes of the clock where it has a name."""
    name = os.environ.get("TZ") or str(Path("/etc/localtime").resolve())
    try:
        return ZoneInfo(name.removeprefix(":").rpartition("zoneinfo/")[2])
    except ValueError, OSError, KeyError:  # no such name (a KeyError), or none at all
        zone = datetime.now().astimezone().tzinfo
        assert zone is not None
        return zone


def _media_port(folder: Path) -> int:
    """Return the port of the last start, where it is free: addresses given out stay good."""
    try:
        port = int((folder / _MEDIA_PORT_FILE).read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OSError, ValueError, OverflowError:
        return 0
    return port


@contextlib.asynccontextmanager
async def _serving_media(service: Service, options: Options) -> AsyncIterator[int]:
    """Have players served; yields the port."""
    tunes = Tunes(options.data_dir / "tunes")
    library = Library(tunes, service.grants, time.monotonic, service.texts)
    listener = MediaListener(library, service.journal, service.verdicts.media)
    wanted = options.media_port or _media_port(options.data_dir)
    async with listener.listening(options.host, wanted) as port:
        (options.data_dir / _MEDIA_PORT_FILE).write_text(str(port))
        yield port


async def serve(options: Options) -> None:
    """Run until SIGTERM or SIGINT."""
    options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    tokens = load_tokens(options.data_dir)
    tls = ensure_certificates(options.data_dir, options.host)
    holder, port = _reserve_port(options.host, options.port)
    stop = _stop_event()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(holder.close)
        recognizer = PocketsphinxRecognizer()
        if not options.lazy:
            await recognizer.open()
        stack.push_async_callback(recognizer.close)
        service = make_service(
            tokens,
            options.settings,
            recognizer,
            lambda: listening.media_address,
            options.data_dir,
        )
        stack.push_async_callback(service.shelf.close)
        media_port = await stack.enter_async_context(_serving_media(service, options))
        listening = Listening(
            host=options.host, port=port, media_port=media_port, tokens=tokens, tls=tls
        )
        service.take_alerts()
        await stack.enter_async_context(_running(service, listening, stop))
        _announce(listening, options.ready_file)
        await stop.wait()
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


@contextlib.asynccontextmanager
async def _running(
    service: Service, listening: Listening, stop: asyncio.Event
) -> AsyncIterator[None]:
    """Have the server listen; end what is open at the end."""
    server = _make_server(Application(service), listening)
    task = asyncio.create_task(server.serve())
    task.add_done_callback(lambda _: stop.set())
    try:
        await _wait_until_listening(listening, task)
        yield
    finally:
        service.channels.close_all()
        server.stop()  # type: ignore[no-untyped-call]  # granian has no types there
        # A client that holds a request open does not hold up the end: the process ends anyway.
        await asyncio.wait([task], timeout=STOP_SECONDS)
    if task.done():
        task.result()


async def _wait_until_listening(listening: Listening, task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(START_SECONDS):
        while not task.done():
            try:
                _, writer = await asyncio.open_connection(listening.host, listening.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
    raise RuntimeError("The HTTP/2 server did not start")


def _announce(listening: Listening, ready_file: Path | None) -> None:
    lines = (
        f"Address:       {listening.address}",
        f"Music:         {listening.media_address}",
        f"Access token:  {listening.tokens.access}",
        f"Control page:  {listening.control_page}",
        f"CA file:       {listening.tls.authority}",
    )
    print("\n".join(lines), flush=True)  # noqa: T201 - the command's output
    if ready_file is not None:
        write_private(ready_file, listening.as_json().encode())
