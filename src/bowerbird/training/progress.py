"""What a training run tells its caller; `jobs.progress` has the same form for the layers above."""

from typing import Protocol


class Progress(Protocol):
    """A display of steps, such as a progress bar; a run calls it and never looks at it."""

    def step(self, name: str, total: int | None) -> None:
        """Begin a step of `total` units; None where that is not known."""

    def advance(self, units: int) -> None:
        """So many more units of the step are done."""
