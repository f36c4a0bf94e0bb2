"""Sounds of alerts and notifications: which there are, and in which order they are heard."""

from dataclasses import dataclass, field
from typing import Final, Self

from ..errors import MessageError
from ..messages import Payload
from .fields import is_web_address, items, required_identifier

# A bell and a sentence are usual.
MOST_ASSETS: Final = 32
# One asset may be heard several times.
MOST_IN_ORDER: Final = 64
_BUILT_IN: Final = "clova://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A sound by its id: built into the client (clova://...), or at a web address."""

    asset_id: str
    url: str = field(repr=False)

    @property
    def is_built_in(self) -> bool:
        """Whether the client has it itself."""
        return self.url.lower().startswith(_BUILT_IN)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it has no id, or an address of another kind."""
        asset = cls(
            asset_id=required_identifier(payload, "assetId"),
            url=required_identifier(payload, "url"),
        )
        if not asset.is_built_in and not is_web_address(asset.url):
            raise MessageError("the url of an asset is neither clova: nor http")
        return asset


def assets_in_order(payload: Payload) -> tuple[Asset, ...]:
    """Return the sounds to be heard, in order (assets, assetPlayOrder).

    Ids in the order that name nobody are left out; without an order all assets are
    heard as they stand. What cannot be used is left out.
    """
    assets = items(payload, "assets", Asset.from_payload, MOST_ASSETS)
    order = payload.get("assetPlayOrder")
    if not isinstance(order, list):
        return assets
    by_id = {asset.asset_id: asset for asset in assets}
    named = (by_id.get(one) for one in order[:MOST_IN_ORDER] if isinstance(one, str))
    return tuple(asset for asset in named if asset is not None)
