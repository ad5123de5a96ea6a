"""The folder of one training run: what it was begun with, its checkpoints, and whether it is finished.

`run.json` holds settings and data fingerprint; `epoch-<n>.safetensors` the state after epoch n, from 0;
`best.safetensors` and `last.safetensors` are further names of two of them. A run goes on after the newest
whole checkpoint.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.storage.durable_file import write_durably

RUN_FILE = "run.json"
BEST, LAST = "best.safetensors", "last.safetensors"


class RunSettings(Protocol):
    """Every choice of a run, as a file can hold it."""

    def as_json(self) -> dict[str, Any]:
        """The choices by name."""
        ...

    def check_same(self, other: Mapping[str, Any], what: str) -> None:
        """Raise MismatchError, saying how `what` differs, unless `other` holds the same choices."""
        ...


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run on the disk."""

    path: Path

    def begin(self, training: RunSettings, data: str, *, resume: bool | None) -> Path | None:
        """The checkpoint to go on from, or None for a run from its start.

        Args:
            training: the settings.
            data: fingerprint of the photos, their labels and parts.
            resume: True goes on, False begins anew whatever is there, None goes on with an unfinished run.

        Raises:
            NotFoundError: `resume` is True and no run was begun here.
            MismatchError: the run that would go on has other settings or other data; the message says which.
        """
        begun = self._read()
        if begun is None and resume:
            raise NotFoundError(f"no run was begun at {self.path}, so none can go on; leave --resume out")
        # A run that ended before its first epoch did has nothing that could be lost or go on.
        unfinished = begun is not None and not begun["finished"] and self.newest() is not None
        if begun is not None and resume is not False and (resume or unfinished):
            training.check_same(begun["settings"], f"the run at {self.path}")
            if begun["data"] != data:
                raise MismatchError(
                    f"the run at {self.path} was begun on other photos, labels or parts ({begun['data']}, "
                    f"now {data}); give --fresh to begin anew"
                )
            return self.newest()
        if begun is not None:
            shutil.rmtree(self.path)
        elif self.path.is_dir() and any(self.path.iterdir()):
            raise InputError(f"{self.path} holds something else than a run; give another --name")
        self.path.mkdir(parents=True, exist_ok=True)
        self._write({"settings": training.as_json(), "data": data, "finished": False})
        return None

    def newest(self) -> Path | None:
        """The checkpoint of the latest epoch, or None before the first."""
        return max(self.path.glob("epoch-*.safetensors"), default=None)

    def checkpoint(self, epoch: int) -> Path:
        """Where the state after `epoch` is."""
        return self.path / f"epoch-{epoch:05d}.safetensors"

    def link(self, epoch: int, name: str) -> None:
        """Make `name` mean the checkpoint of `epoch`, in one step."""
        link = self.path / f".{name}"
        link.unlink(missing_ok=True)
        os.link(self.checkpoint(epoch), link)
        link.replace(self.path / name)

    def finish(self, **facts: object) -> None:
        """Write down that the run is over, and `facts` beside it."""
        begun = self._read() or {}
        self._write({**begun, **facts, "finished": True})

    def _read(self) -> dict[str, Any] | None:
        try:
            begun: dict[str, Any] = json.loads((self.path / RUN_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise MismatchError(
                f"{self.path / RUN_FILE} is damaged ({error}); delete {self.path} and train again"
            ) from error
        return begun

    def _write(self, values: Mapping[str, Any]) -> None:
        write_durably(self.path / RUN_FILE, json.dumps(values, indent=1).encode())
