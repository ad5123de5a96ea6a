"""The index that a process serves, kept equal to the catalogue.

Opening loads the newest whole generation and replays what came after it. From then on one thread tails the
catalogue, so that changes by other processes show up; swaps to a newer generation when another process
published one; and builds one itself when the fresh part has grown large.
"""

import gc
import logging
import threading
from collections.abc import Callable

from bowerbird.errors import BowerbirdError, MismatchError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.projection.build import ProjectionSettings, Stores, build_generation
from bowerbird.projection.open_generation import OpenGeneration
from bowerbird.storage.generations import Generation

log = logging.getLogger(__name__)
Swapped = Callable[[MarketIndex, MarketIndex], None]


class Projection:
    """Holds `current`, the open generation. Searches read `current` once and keep it to their end."""

    def __init__(self, stores: Stores, settings: ProjectionSettings) -> None:
        self._stores = stores
        self._settings = settings
        self.on_swap: Swapped | None = None  # told the old and the new index
        self._changing = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.last_error: str | None = None
        self._refused: str | None = None  # the name of a generation that cannot be taken up
        self.current = self._opened(stores.generations.newest() or build_generation(stores, settings))

    def refresh(self) -> int:
        """Apply every change of the catalogue and make it all searchable; returns how many there were."""
        with self._changing:
            applied = self.current.catch_up(self._stores)
            self.current.commit()
        return applied

    def apply(self) -> None:
        """Apply every change of the catalogue; words become searchable at the next poll."""
        with self._changing:
            self.current.catch_up(self._stores)

    def swap_if_newer(self) -> bool:
        """Take up a generation that was published since; whether there was one.

        Raises:
            MismatchError: other encoders made it; it is not looked at again.
        """
        current = self._stores.generations.current_name()
        if current in (None, self.current.generation.name, self._refused):
            return False
        newest = self._stores.generations.newest()
        if newest is None or newest.name <= self.current.generation.name:
            self._refused = current  # broken; to look again at every poll would read all its files again
            return False
        try:
            self._swap(newest)
        except MismatchError:
            self._refused = current
            raise
        return True

    def compact(self) -> Generation:
        """Build a generation of the catalogue as it is, and serve it."""
        generation = build_generation(self._stores, self._settings)
        self._swap(generation)
        return generation

    @property
    def compaction_is_due(self) -> bool:
        """Whether the rows added since the generation was built are many."""
        fresh, index = self.current.index.fresh_rows, self.current.index
        return fresh >= self._settings.compact_after_rows and fresh >= self._settings.compact_after * len(
            index
        )

    def start(self) -> None:
        """Begin to tail the catalogue in a thread."""
        self._thread = threading.Thread(target=self._tail, name="bowerbird-tail", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop tailing and let go of the index; a second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self.current.close(self._stores)

    def _opened(self, generation: Generation) -> OpenGeneration:
        opened = OpenGeneration.open(generation, self._stores, self._settings)
        opened.catch_up(self._stores)
        opened.commit()
        return opened

    def _swap(self, generation: Generation) -> None:
        opened = self._opened(generation)
        with self._changing:
            opened.catch_up(self._stores)
            opened.commit()
            old, self.current = self.current, opened
        if self.on_swap is not None:
            self.on_swap(old.index, opened.index)
        old.close(self._stores)

    def _tail(self) -> None:
        _settle()
        while not self._stopping.is_set():
            try:
                self.refresh()
                if self._moved_on():
                    _settle()
                self.current.index.keywords.warm()
                self.last_error = None
            except BowerbirdError as error:
                self._note(error)
            except Exception as error:  # noqa: BLE001  the thread must outlive a database that is away
                self._note(error)
            self._stopping.wait(self._settings.poll_seconds)

    def _moved_on(self) -> bool:
        """Whether another generation is served now: one that was published, or one that was due."""
        if self.swap_if_newer():
            return True
        if self.compaction_is_due:
            self.compact()
            return True
        return False

    def _note(self, error: Exception) -> None:
        if self.last_error != str(error):  # once, not at every poll
            log.error("the index could not follow the catalogue; it is tried again", exc_info=error)
        self.last_error = str(error)


def _settle() -> None:
    """Take what the index holds out of the collector's rounds, which stopped searches for 70 ms each."""
    gc.collect()
    gc.freeze()
