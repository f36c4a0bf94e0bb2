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

from .accounts.ledger import Ledger
from .accounts.safe import ACCOUNTS_FILE, Safe
from .alerts.shelf import FOLDER as ALERTS_FOLDER, Shelf
from .announce import announced, is_any, reachable_addresses
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
    # Whether the network is told (announce.py).
    announce: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What a client needs to know."""

    # What it listens on, and under which address it is reached.
    host: str
    reached_at: str
    port: int
    media_port: int
    tokens: Tokens
    tls: TlsFiles

    @property
    def address(self) -> str:
        """The base URI."""
        return f"https://{_in_uri(self.reached_at)}:{self.port}"

    @property
    def media_address(self) -> str:
        """Where players fetch music."""
        return f"http://{_in_uri(self.reached_at)}:{self.media_port}"

    @property
    def control_page(self) -> str:
        """The control page, for this machine; its token is in the fragment, which no browser sends."""
        host = "localhost" if is_any(self.host) else _in_uri(self.host)
        return f"https://{host}:{self.port}/control/#{self.tokens.control}"

    def as_json(self) -> str:
        """Return the ready file's content."""
        content = {
            "address": self.address,
            "port": self.port,
            "media_address": self.media_address,
            "access_token": self.tokens.access,
            "auth_address": self.address,
            "client_id": self.tokens.client_id,
            "client_secret": self.tokens.client_secret,
            "account_token": self.tokens.account,
            "control_token": self.tokens.control,
            "ca_file": str(self.tls.authority),
            "ca_sha256": self.tls.fingerprint,
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
        http=HTTPModes.auto,  # the authentication API is asked by clients of HTTP/1.1 as well
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
    ledger = Ledger(time.time)
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
        ledger=ledger,
        safe=Safe(data_dir / ACCOUNTS_FILE, ledger),
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
    reachable = reachable_addresses(options.host)
    # what listens everywhere is reached at an address, and shows a certificate for it
    reached_at = reachable[0] if is_any(options.host) and reachable else options.host
    tls = ensure_certificates(options.data_dir, (*reachable, options.host))
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
        stack.push_async_callback(service.safe.close)
        media_port = await stack.enter_async_context(_serving_media(service, options))
        listening = Listening(
            host=options.host,
            reached_at=reached_at,
            port=port,
            media_port=media_port,
            tokens=tokens,
            tls=tls,
        )
        service.take_alerts()
        service.take_accounts()
        await stack.enter_async_context(_running(service, listening, stop))
        lines = _told(listening)
        if options.announce:
            announcing = announced(reachable, port, tls.fingerprint)
            lines.append(f"Announced:     {await stack.enter_async_context(announcing)}")
        print("\n".join(lines), flush=True)  # noqa: T201 - the command's output
        if options.ready_file is not None:
            write_private(options.ready_file, listening.as_json().encode())
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
    server = _make_server(Application(service, listening.tls.authority.read_bytes()), listening)
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


def _told(listening: Listening) -> list[str]:
    """Return what the user is told at the start."""
    return [
        f"Address:       {listening.address}",
        f"Music:         {listening.media_address}",
        f"Access token:  {listening.tokens.access}",
        f"Or sign in at: {listening.address}",
        f"Client ID:     {listening.tokens.client_id}",
        f"Client secret: {listening.tokens.client_secret}",
        f"Account token: {listening.tokens.account}",
        f"Control page:  {listening.control_page}",
        f"CA file:       {listening.tls.authority}",
        f"CA SHA-256:    {listening.tls.fingerprint}",
    ]
