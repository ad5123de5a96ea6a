"""Writing into a keyword index, through a disk that was full for a while.

tantivy's writer dies of its first error and takes along what it had not committed.
"""

from collections.abc import Mapping

import tantivy

from bowerbird.errors import UnavailableError
from bowerbird.indexing.keyword_document import keyword_document


class KeywordWriter:
    """The one writer of a keyword index; its callers take turns.

    Args:
        index: what is written into.
        room: bytes of memory for what is not on the disk yet.
        lasting: keep in memory what is not committed, to write it again where that failed. A build does not:
            it has the whole market in hand, and begins anew where it fails.
    """

    def __init__(self, index: tantivy.Index, room: int, *, lasting: bool) -> None:
        self._index = index
        self._room = room
        self._lasting = lasting
        self._writer: tantivy.IndexWriter | None = None
        self._kept: list[tuple[int, Mapping[str, str]]] = []  # not committed
        self._given = 0  # of those, to the writer
        self._uncommitted = False

    def add(self, row: int, texts: Mapping[str, str]) -> None:
        """Take the document of a row; a lasting writer that fails says so at the next `commit` only.

        Raises:
            UnavailableError: another process writes into the folder, or a build's disk is full.
        """
        if self._writer is None and not self._kept:
            self._writer = self._opened()
        self._kept.append((row, texts))
        self._uncommitted = True
        try:
            self._hand_over()
        except UnavailableError:
            if not self._lasting:
                raise

    def commit(self) -> None:
        """Have all that was taken on the disk.

        Raises:
            UnavailableError: the disk does not take it; the next call of a lasting writer tries again.
        """
        if not self._uncommitted:
            return
        writer = self._hand_over()
        try:
            writer.commit()
        except ValueError as error:
            raise self._failed(error) from error
        self._kept, self._given, self._uncommitted = [], 0, False

    def close(self) -> None:
        """Let another process write; what is not committed is lost."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def _hand_over(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._opened()
        try:
            while self._given < len(self._kept):
                self._writer.add_document(keyword_document(*self._kept[self._given]))
                self._given += 1
        except ValueError as error:
            raise self._failed(error) from error
        if not self._lasting:
            self._kept, self._given = [], 0
        return self._writer

    def _opened(self) -> tantivy.IndexWriter:
        try:
            return self._index.writer(self._room, 1)
        except ValueError as error:
            raise UnavailableError(
                f"the keyword index cannot be written ({error}); stop the other process, or give this "
                "one a folder of its own"
            ) from error

    def _failed(self, error: ValueError) -> UnavailableError:
        self._writer, self._given = None, 0  # another writer gets all of it
        advice = "check the disk, its space and permissions"
        return UnavailableError(
            f"the keyword index could not be written: {error}; {advice}",
            outward=f"the keyword index could not be written; {advice}",
        )
