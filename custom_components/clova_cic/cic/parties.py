"""The two ends of a connection: where CIC is, and who the client says it is."""

from dataclasses import dataclass, field, replace
import ssl
from typing import Self

from .connection import ConnectionSettings
from .user_agent import DEFAULT_USER_AGENT, is_valid_user_agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where CIC is; the TLS context offers ALPN "h2" and nothing else."""

    host: str
    port: int
    ssl_context: ssl.SSLContext
    connection: ConnectionSettings = field(default_factory=ConnectionSettings)

    def paced(self, factor: int) -> Self:
        """Return the same place, where a PING comes so many times less often."""
        interval = factor * self.connection.ping_interval
        return replace(self, connection=replace(self.connection, ping_interval=interval))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the client is. The access token appears in no representation.

    device_tags tell devices apart that share an access token (X-Clova-Device-Tags).
    """

    access_token: str = field(repr=False)
    user_agent: str = DEFAULT_USER_AGENT
    device_tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a User-Agent the grammar does not allow: ValueError."""
        if not is_valid_user_agent(self.user_agent):
            raise ValueError("the User-Agent does not follow CIC's grammar")

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers of every request."""
        headers = [
            ("user-agent", self.user_agent),
            ("authorization", f"Bearer {self.access_token}"),
        ]
        if self.device_tags:
            headers.append(("x-clova-device-tags", ",".join(self.device_tags)))
        return headers
