"""The live keys in memory, at most half a second old: a key revoked anywhere opens nothing a second later."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bowerbird.storage.key_store import ApiKey, KeyMark, KeyStore, split_token

KEPT_SECONDS = 0.5


class Keyring:
    """What a process knows of a market's keys. Safe between threads."""

    def __init__(
        self,
        store: KeyStore,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.store = store
        self._clock = clock
        self._now = now or (lambda: datetime.now(UTC))
        self._reading = threading.Lock()
        self._read_at = float("-inf")
        self._live: dict[str, ApiKey] = {}
        self._mark: KeyMark | None = None

    @property
    def is_stale(self) -> bool:
        """Whether `refresh` is due before anything is asked."""
        return self._clock() - self._read_at >= KEPT_SECONDS

    @property
    def is_empty(self) -> bool:
        """Whether no key was ever made, revoked ones among them."""
        return self._mark is None or not self._mark.made

    @property
    def has_keys(self) -> bool:
        """Whether some key opens something."""
        return bool(self._live)

    def refresh(self) -> None:
        """Read the keys again where that is due and something changed.

        Raises:
            UnavailableError: the database does not answer.
        """
        with self._reading:
            if self.is_stale:
                self._read()

    def reread(self) -> None:
        """Read the keys now, as after a change to them.

        Raises:
            UnavailableError: the database does not answer.
        """
        with self._reading:
            self._read()

    def _read(self) -> None:
        asked_at = self._clock()  # what changes while they are read may be missed
        mark = self.store.mark()
        if mark != self._mark:
            self._live = self.store.live(self._now())
            self._mark = mark
        self._read_at = asked_at

    def key(self, token: str) -> ApiKey | None:
        """The live key, or sign-in, that `token` proves; None where it proves none."""
        parts = split_token(token)
        if parts is None:
            return None
        key_id, secret = parts
        live, now = self._live, self._now()
        key = live.get(key_id)
        if key is None or not key.is_proved_by(secret) or not key.is_live(now):
            return None
        if key.parent is not None:
            parent = live.get(key.parent)
            if parent is None or not parent.is_live(now):
                return None
        return key
