"""The folder that keeps what is to outlive a restart: keys and tokens; alerts (alerts/shelf.py), accounts (accounts/safe.py)."""

from dataclasses import asdict, dataclass, fields
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
    """What the service's user is told: what opens it, and what a client may sign in with."""

    # The access token of clients that do not sign in; the token of the control interface.
    access: str
    control: str
    # The one registered maker of clients, and the one account there is at first.
    client_id: str
    client_secret: str
    account: str


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
    """Return the folder's tokens; make those that are missing, at the first start all."""
    path = folder / TOKENS_FILE
    try:
        stored = json.loads(path.read_text())
    except FileNotFoundError, ValueError:
        stored = None
    kept = stored if isinstance(stored, dict) else {}
    names = [field.name for field in fields(Tokens)]
    tokens = Tokens(**{name: str(kept.get(name) or secrets.token_urlsafe(32)) for name in names})
    if asdict(tokens) != kept:
        write_private(path, json.dumps(asdict(tokens)).encode())
    return tokens
