"""What a long job or a training run tells its caller: the step it is at and how far along."""

from typing import Protocol


class Progress(Protocol):
    """A display of steps, such as a progress bar; a job calls it and never looks at it."""

    def step(self, name: str, total: int | None) -> None:
        """Begin a step of `total` units; None where that is not known."""

    def advance(self, units: int) -> None:
        """So many more units of the step are done."""


class Silent:
    """A display of nothing."""

    def step(self, name: str, total: int | None) -> None:
        """Show nothing."""

    def advance(self, units: int) -> None:
        """Show nothing."""
