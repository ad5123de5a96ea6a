"""The index that a process serves, kept equal to the catalogue.

Opening loads the newest whole generation and replays what came after it. From then on one thread tails the
catalogue, so that changes by other processes show up. Another takes up a newer generation that some process
published, and builds one itself when the fresh part has grown large; it takes minutes where the tail has a
second. What this process itself changes waits for neither.
"""

import gc
import logging
import threading
from collections.abc import Callable, Sequence

from bowerbird.errors import MismatchError, UnavailableError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.projection.build import ProjectionSettings, Stores, build_generation
from bowerbird.projection.open_generation import OpenGeneration, encode_missing
from bowerbird.storage.generations import Generation

log = logging.getLogger(__name__)
Swapped = Callable[[MarketIndex, MarketIndex], None]
# So few that the photos of new listings are encoded, and the words of others committed, within a second.
FOLLOWED_AT_ONCE = 64
RENEWAL_RETRY_SECONDS = 60.0


class Projection:
    """Holds `current`, the open generation. Searches read `current` once and keep it to their end."""

    def __init__(self, stores: Stores, settings: ProjectionSettings) -> None:
        self._stores = stores
        self._settings = settings
        self.on_swap: Swapped | None = None  # told the old and the new index
        self._changing = threading.Lock()  # held for moments: what encodes or reads files does so before
        self._renewing = threading.Lock()  # one generation is built or loaded at a time
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.last_error: str | None = None  # why the tail cannot follow
        self._refused: str | None = None  # the name of a generation that cannot be taken up
        self.current = self._opened(stores.generations.newest() or build_generation(stores, settings))

    def refresh(self) -> int:
        """Apply every change of the catalogue and make it all searchable; returns how many there were."""
        applied = 0
        while not self._stopping.is_set():
            opened = self.current
            changes = self._stores.catalogue.changes_since(opened.revision, FOLLOWED_AT_ONCE)
            encode_missing(changes, self._stores)
            with self._changing:
                if opened is not self.current:
                    continue
                if changes:
                    opened.follow(changes, self._stores)
                opened.commit()
            if not changes:
                break
            applied += len(changes)
        self.current.index.forget_dead()
        return applied

    def apply(self, listing_ids: Sequence[str]) -> None:
        """Apply the changes of these listings, which are encoded; words become searchable at the next poll.

        They are taken ahead of what others changed before, which may be a whole import to be encoded first.
        """
        with self._changing:
            self.current.take_ahead(self._stores.catalogue.changes_of(listing_ids), self._stores)

    def swap_if_newer(self) -> bool:
        """Take up a generation that was published since; whether there was one.

        Raises:
            MismatchError: other encoders made it; it is not looked at again.
        """
        with self._renewing:
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
        """Build a generation of the catalogue as it is, and serve it.

        Raises:
            UnavailableError: the projection was closed meanwhile.
        """
        with self._renewing:
            generation = build_generation(self._stores, self._settings, self._check_going_on)
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
        """Begin to tail the catalogue, and to renew the generation, each in a thread."""
        for work in (self._tail, self._renew):
            name = f"bowerbird-{work.__name__.strip('_')}"
            self._threads.append(threading.Thread(target=work, name=name, daemon=True))
            self._threads[-1].start()

    def close(self) -> None:
        """Stop the threads and let go of the index; a second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self.current.close(self._stores)

    def _opened(self, generation: Generation) -> OpenGeneration:
        opened = OpenGeneration.open(generation, self._stores, self._settings)
        try:
            opened.catch_up(self._stores)
            opened.commit()
        except BaseException:
            opened.close(self._stores)
            raise
        return opened

    def _swap(self, generation: Generation) -> None:
        opened = self._opened(generation)
        try:
            with self._changing:
                opened.catch_up(self._stores)
                opened.commit()
                old, self.current = self.current, opened
        except BaseException:
            opened.close(self._stores)
            raise
        if self.on_swap is not None:
            self.on_swap(old.index, opened.index)
        old.close(self._stores)

    def _tail(self) -> None:
        while not self._stopping.is_set():
            try:
                self.refresh()
                self.current.index.keywords.warm()
                self.last_error = None
            except Exception as error:  # the thread must outlive a database that is away
                if self.last_error != str(error):  # once, not at every poll
                    log.error("the index could not follow the catalogue; it is tried again", exc_info=error)
                self.last_error = str(error)
            self._stopping.wait(self._settings.poll_seconds)

    def _renew(self) -> None:
        _settle()
        while not self._stopping.is_set():
            pause = self._settings.poll_seconds
            try:
                if self._moved_on():
                    _settle()
            except Exception as error:  # likewise
                pause = RENEWAL_RETRY_SECONDS  # a build takes all cores: not again at once
                if not self._stopping.is_set():
                    log.error(
                        "no newer index generation could be taken up; it is tried again", exc_info=error
                    )
            self._stopping.wait(pause)

    def _moved_on(self) -> bool:
        """Whether another generation is served now: one that was published, or one that was due."""
        if self.swap_if_newer():
            return True
        if self.compaction_is_due:
            self.compact()
            return True
        return False

    def _check_going_on(self, _listings: int) -> None:
        if self._stopping.is_set():
            raise UnavailableError("the index was closed while a generation was built; open it again")


def _settle() -> None:
    """Take what the index holds out of the collector's rounds, which stopped searches for 70 ms each."""
    gc.collect()
    gc.freeze()
