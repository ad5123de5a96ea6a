"""The models of one home, shared with others through a folder or a bucket: pushed by one, taken up by all.

The place looks as a home's models/ folder does: `<kind>/<fingerprint>/` and `<kind>/ACTIVE`. A model's
config.json is written last, so that whoever sees it finds the rest; ACTIVE follows when all of it is there.
What arrives is checked against its fingerprint before it is put in use, and a broken one leaves the model
before it in use.
"""

import logging
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from bowerbird.encoding.artefact import CONFIG_FILE, Kind, load_artefact, read_config
from bowerbird.encoding.learned_model import CARD_FILE, METRICS_FILE, LearnedKind, load_model
from bowerbird.errors import BowerbirdError, InputError, MismatchError, UnavailableError
from bowerbird.storage.durable_file import disk_errors, make_folder_durably, sync
from bowerbird.storage.model_registry import ACTIVE_FILE, activate_model, active_fingerprint
from bowerbird.storage.owned_folders import OwnedFolders

log = logging.getLogger(__name__)
POLL_SECONDS = 10.0
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_STAGED = ".training-"  # as `model_registry` names and sweeps them
_RECORDS = (METRICS_FILE, CARD_FILE)  # may be measured again


class ModelMirror:
    """The models of a home, and the place at `url` that they are shared through."""

    def __init__(self, url: str, models_folder: Path) -> None:
        """Raises InputError where no installed fsspec driver knows the protocol of `url`."""
        try:
            self._files, self._root = url_to_fs(url, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise InputError(
                f"models cannot be shared at {url}: {error}; give a folder, or a URL whose driver is "
                "installed (s3:// needs the extra bowerbird[s3])"
            ) from error
        if isinstance(self._files, LocalFileSystem):
            self._files.auto_mkdir = True
        self._url = url
        self._models = models_folder

    def push(self) -> list[str]:
        """Put the home's models there, then say which are in use; `<kind>/<fingerprint>` of what was new.

        Raises:
            UnavailableError: the place does not take them.
        """
        pushed = []
        for kind in (*Kind, *LearnedKind):
            for config in sorted((self._models / kind).glob(f"[!.]*/{CONFIG_FILE}")):
                name = f"{kind}/{config.parent.name}"
                pushed += [name] if self._push_model(config.parent, f"{self._root}/{name}") else []
        for kind in LearnedKind:
            active = active_fingerprint(self._models, kind)
            if active is not None:
                with self._errors("pushing models"):
                    self._files.pipe_file(f"{self._root}/{kind}/{ACTIVE_FILE}", f"{active}\n".encode())
        return pushed

    def pull(self) -> list[str]:
        """Take what the home lacks: backbones, and the learned models in use, which are put in use here.

        Returns `<kind>/<fingerprint>` of what was taken or put in use.

        Raises:
            MismatchError: a model arrived that is not what was pushed; it was not put in use.
            UnavailableError: the place does not answer.
        """
        pulled = []
        for kind in Kind:
            for name in self._names(kind):
                if self._lacks_backbone(kind, name):
                    _or_removed(load_artefact, self._pull_model(kind, name))
                    pulled.append(f"{kind}/{name}")
        for learned in LearnedKind:
            active = self._active(learned)
            if active is not None and active != active_fingerprint(self._models, learned):
                if not (self._models / learned / active).is_dir():
                    _or_removed(load_model, self._pull_model(learned, active))
                activate_model(self._models, learned, active)
                pulled.append(f"{learned}/{active}")
        return pulled

    def _push_model(self, folder: Path, target: str) -> bool:
        with self._errors("pushing models"):
            is_new = not self._files.isfile(f"{target}/{CONFIG_FILE}")
            paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name != CONFIG_FILE)
            for path in [*paths, folder / CONFIG_FILE]:
                if is_new or path.name in _RECORDS:
                    self._files.pipe_file(f"{target}/{path.name}", path.read_bytes())
        return is_new

    def _pull_model(self, kind: str, name: str) -> Path:
        """The folder of a model that was fetched whole."""
        parent, source = self._models / kind, f"{self._root}/{kind}/{name}"
        with disk_errors(f"making a folder in {parent}"):
            make_folder_durably(parent)
            staging = OwnedFolders(parent, _STAGED)
            staged = staging.make()
        try:
            with self._errors("fetching models"):
                for path in self._files.find(source):
                    (staged / str(path).rpartition("/")[2]).write_bytes(self._files.cat_file(path))
            for path in (*staged.iterdir(), staged):
                sync(path)
            target = parent / name
            if not (staged / CONFIG_FILE).is_file():
                raise MismatchError(f"the {kind} model {name} at {self._url} is not whole; push it again")
            return target if target.is_dir() else staged.rename(target)
        finally:
            staging.let_go(staged)
            staging.sweep()

    def _lacks_backbone(self, kind: Kind, name: str) -> bool:
        """Whether the home has no export of the backbone that was pushed under `name`; two are too many."""
        with self._errors("fetching models"):
            config = self._files.cat_file(f"{self._root}/{kind}/{name}/{CONFIG_FILE}")
        return all(
            b'"%s"' % read_config(path.parent)[1].backbone.encode() not in config
            for path in (self._models / kind).glob(f"[!.]*/{CONFIG_FILE}")
        )

    def _names(self, kind: str) -> list[str]:
        with self._errors("fetching models"):
            paths = (
                self._files.find(f"{self._root}/{kind}") if self._files.isdir(f"{self._root}/{kind}") else []
            )
        return sorted(str(path).split("/")[-2] for path in paths if str(path).endswith(f"/{CONFIG_FILE}"))

    def _active(self, kind: str) -> str | None:
        path = f"{self._root}/{kind}/{ACTIVE_FILE}"
        with self._errors("fetching models"):
            if not self._files.isfile(path):
                return None
            data: bytes = self._files.cat_file(path)
        name = data.decode("utf-8", "replace").split()[-1:]
        if not name or not _FINGERPRINT.fullmatch(name[0]):
            raise MismatchError(f"{path} is damaged: it names no model; run `bowerbird models push` again")
        return name[0]

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            # Every driver has errors of its own: the network's, the credentials', the bucket's.
            raise UnavailableError(
                f"{doing} at {self._url} failed: {error}; check that it answers and takes this process's "
                "credentials"
            ) from error


def _or_removed(load: Callable[[Path], object], folder: Path) -> None:
    """Check a model that arrived; one that is broken does not stay, so that it can arrive again."""
    try:
        load(folder)
    except BowerbirdError:
        shutil.rmtree(folder)
        raise


class ModelFollower:
    """A thread that pulls, until it is closed; a running server then takes the new models up by itself."""

    def __init__(self, mirror: ModelMirror, poll_seconds: float = POLL_SECONDS) -> None:
        self._mirror = mirror
        self._poll_seconds = poll_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.error: str | None = None

    def start(self) -> None:
        """Begin to pull."""
        self._thread = threading.Thread(target=self._follow, name="bowerbird-shared-models", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _follow(self) -> None:
        while not self._stopping.wait(self._poll_seconds):
            try:
                self._mirror.pull()
                self.error = None
            except (BowerbirdError, OSError) as error:  # the thread must outlive a bucket that is away
                if self.error != str(error):  # once, not at every poll
                    log.error("shared models could not be taken up; it is tried again: %s", error)
                self.error = str(error)
