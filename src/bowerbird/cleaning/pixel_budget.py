"""How many pixels a process has decoded at once: what keeps many large photos from filling its memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PIXELS_AT_ONCE = 64_000_000  # at most; some 10 bytes each while they are decoded, turned and encoded anew


class PixelBudget:
    """Hands out pixels to those who decode; who finds too few left waits their turn. Safe between threads."""

    def __init__(self, pixels: int = PIXELS_AT_ONCE) -> None:
        self._pixels = pixels
        self._used = 0
        self._turn = threading.Lock()  # the first in line, so that small photos do not overtake a large one
        self._given_back = threading.Condition()

    @contextmanager
    def spent(self, pixels: int) -> Iterator[None]:
        """Hold `pixels` for the block; one photo over the whole budget is decoded alone."""
        with self._turn, self._given_back:
            self._given_back.wait_for(lambda: not self._used or self._used + pixels <= self._pixels)
            self._used += pixels
        try:
            yield
        finally:
            with self._given_back:
                self._used -= pixels
                self._given_back.notify()
