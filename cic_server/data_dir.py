"""The folder that keeps what is to outlive a restart: keys and tokens; alerts (alerts/shelf.py)."""

from dataclasses import dataclass
import json
import os
from pathlib import Path
import secrets

TOKENS_FILE = "tokens.json"


def default_data_dir() -> Path:
    """Return the service's folder below the XDG state directory."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "cic_server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The access token of clients and the token of the control interface."""

    access: str
    control: str


def write_private(path: Path, content: bytes) -> None:
    """Write a file only its owner may read, in one step."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # else a power cut may leave the new name without its content
    temporary.replace(path)


def load_tokens(folder: Path) -> Tokens:
    """Return the folder's tokens; make them at the first start."""
    path = folder / TOKENS_FILE
    try:
        stored = json.loads(path.read_text())
        return Tokens(access=str(stored["access"]), control=str(stored["control"]))
    except FileNotFoundError, ValueError, KeyError, TypeError:
        tokens = Tokens(access=secrets.token_urlsafe(32), control=secrets.token_urlsafe(32))
        content = json.dumps({"access": tokens.access, "control": tokens.control})
        write_private(path, content.encode())
        return tokens
