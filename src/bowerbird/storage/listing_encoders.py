"""The listing encoders of a home, by fingerprint, each opened once.

An index generation names the one that made its vectors, so a process can serve one generation while it opens
the next, made by another.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from bowerbird.encoding.learned_model import LearnedKind, load_model
from bowerbird.encoding.listing_encoder import ListingEncoder
from bowerbird.storage.model_registry import active_fingerprint

_KEPT = 3  # the one served, the one before and the one to come; some MB each


class ListingEncoders:
    """Safe between threads.

    Args:
        models_folder: of the home.
        encoders: fingerprints of the encoders in use; a listing encoder must read the vectors of these.
    """

    def __init__(self, models_folder: Path, encoders: Mapping[str, str]) -> None:
        self._models_folder = models_folder
        self._encoders = dict(encoders)
        self._opened: OrderedDict[str, ListingEncoder] = OrderedDict()
        self._lock = threading.Lock()

    def active(self) -> ListingEncoder | None:
        """The one to make vectors with, or None where none is in use.

        Raises:
            NotFoundError: its folder is gone.
            MismatchError: it is damaged, or reads the vectors of other encoders.
        """
        fingerprint = active_fingerprint(self._models_folder, LearnedKind.LISTING)
        return None if fingerprint is None else self.get(fingerprint)

    def get(self, fingerprint: str) -> ListingEncoder:
        """The one of this whole fingerprint, in use or not.

        Raises:
            NotFoundError: its folder is gone.
            MismatchError: it is damaged, or reads the vectors of other encoders.
        """
        with self._lock:
            opened = self._opened.get(fingerprint)
            if opened is None:
                opened = ListingEncoder(load_model(self._models_folder / LearnedKind.LISTING / fingerprint))
                opened.check(self._encoders)
                self._opened[fingerprint] = opened
                while len(self._opened) > _KEPT:
                    self._opened.popitem(last=False)
            self._opened.move_to_end(fingerprint)
            return opened
