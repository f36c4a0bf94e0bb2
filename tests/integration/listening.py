"""One who listens to what becomes of something on an output."""

from dataclasses import dataclass, field

from custom_components.clova_cic.playback.output.output import Ended


@dataclass
class Notes:
    """Writes down what it is told."""

    told: list[tuple[str, float]] = field(default_factory=list)
    how: Ended | None = None

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.told]

    @property
    def last(self) -> float:
        """The position that was told last."""
        return self.told[-1][1]

    def has(self, *names: str) -> bool:
        return self.names == list(names)

    def started(self, position: float) -> None:
        self.told.append(("started", position))

    def paused(self, position: float) -> None:
        self.told.append(("paused", position))

    def resumed(self, position: float) -> None:
        self.told.append(("resumed", position))

    def moved(self, position: float) -> None:
        self.told.append(("moved", position))

    def ended(self, how: Ended, position: float) -> None:
        assert self.how is None
        self.how = how
        self.told.append(("ended", position))
