"""The learned model in use, kept equal to what `models/<kind>/ACTIVE` names while the process runs.

A new one is opened beside the old and takes its place when it is whole. One that is broken leaves the old one
in use; `error` says why, the log too.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from bowerbird.encoding.learned_model import LearnedKind, LearnedModel, load_model
from bowerbird.errors import BowerbirdError, MismatchError, UnavailableError
from bowerbird.storage.model_registry import active_fingerprint

log = logging.getLogger(__name__)
Opened = TypeVar("Opened")
POLL_SECONDS = 0.5


class FollowedModel(Generic[Opened]):
    """What `open_model` makes of the model in use.

    Args:
        models_folder: of the home.
        kind: of the model.
        encoders: fingerprints of the encoders in use; a model must read the vectors of these.
        open_model: makes what is asked for; raises one of our errors where the model cannot be used.
    """

    def __init__(
        self,
        models_folder: Path,
        kind: LearnedKind,
        encoders: Mapping[str, str],
        open_model: Callable[[LearnedModel], Opened],
    ) -> None:
        self._models_folder = models_folder
        self.kind = kind
        self._encoders = encoders
        self._open_model = open_model
        self._looking = threading.Lock()
        self._looked = False
        self._named: str | None = None  # the fingerprint that was looked at last
        self._opened: Opened | None = None
        self.fingerprint: str | None = None  # of the model in use
        self.error: str | None = None

    def get(self) -> Opened:
        """What the model in use opened as; the first call opens it.

        Raises:
            UnavailableError: none is in use, or it is broken and there was none before it.
        """
        if not self._looked:
            self.look()
        opened = self._opened
        if opened is None:
            raise UnavailableError(
                self.error or f"no {self.kind} model is in use; run `bowerbird train {self.kind}`"
            )
        return opened

    @property
    def is_absent(self) -> bool:
        """Whether no model is named as in use; False where one is and cannot be used."""
        if not self._looked:
            self.look()
        return self._opened is None and self.error is None

    def look(self) -> None:
        """Take up the model that is in use by now; one that was looked at already is left alone."""
        with self._looking:
            try:
                named = active_fingerprint(self._models_folder, self.kind)
                if self._looked and named == self._named:
                    return
                self._named = named
                self._opened = None if named is None else self._open(named)
                self.fingerprint, self.error = named, None
            except BowerbirdError as error:
                said = f"the {self.kind} model in use cannot be used: {error.message}"
                if said != self.error:  # once, not at every poll
                    log.error("%s; the one before it is kept", said)
                self.error = said
            finally:
                self._looked = True

    def _open(self, named: str) -> Opened:
        model = load_model(self._models_folder / self.kind / named)
        for part, fingerprint in model.encoders.items():
            if self._encoders.get(part) != fingerprint:
                raise MismatchError(
                    f"it reads vectors of the {part} encoder {fingerprint}, but this home uses "
                    f"{self._encoders.get(part)}; run `bowerbird train {self.kind}`"
                )
        return self._open_model(model)


class ModelWatch:
    """A thread that lets followed models look, until it is closed."""

    def __init__(self, models: Sequence[FollowedModel[Any]], poll_seconds: float = POLL_SECONDS) -> None:
        self.models = tuple(models)
        self._poll_seconds = poll_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._watch, name="bowerbird-models", daemon=True)
        self._thread.start()

    @property
    def errors(self) -> list[str]:
        """Why models that are named as in use are not."""
        return [model.error for model in self.models if model.error is not None]

    def close(self) -> None:
        """Stop looking."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            for model in self.models:
                try:
                    model.look()
                except Exception as error:  # the thread must outlive a disk that is away
                    if model.error != str(error):  # once, not at every poll
                        log.error("the %s model in use could not be read", model.kind, exc_info=error)
                    model.error = str(error)
            self._stopping.wait(self._poll_seconds)
