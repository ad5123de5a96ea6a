"""How long each stage of a query took: quoted in its reply and counted by telemetry."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageClock:
    """Milliseconds by stage of one query."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as the stage `name`, or as some more of it."""
        started = time.perf_counter()
        yield
        self.stages[name] = self.stages.get(name, 0.0) + 1000 * (time.perf_counter() - started)

    @property
    def total_ms(self) -> float:
        """The time of all stages so far."""
        return sum(self.stages.values())
