"""The folder of one search: what is searched, what was drawn, and what came of it, as JSON and nothing else.

`trials.json` holds the plan and the drawn settings, written before the first trial begins; `ledger.jsonl` a
line an epoch and a line an end, each on the disk before the next; `trial-<n>/` the run of trial n, from 1,
with its checkpoint; `best.json` the settings that did best. A search goes on with the trials that have
no end.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.storage.durable_file import disk_errors, write_durably

PLAN_FILE, LEDGER_FILE, BEST_FILE = "trials.json", "ledger.jsonl", "best.json"


class End(StrEnum):
    """How a trial ended; it is never run again."""

    FINISHED = "finished"  # all its epochs, or no better one for long
    STOPPED = "stopped"  # it was behind the others
    FAILED = "failed"  # it cannot learn with these settings


@dataclass(frozen=True, slots=True)
class SearchTrial:
    """One trial as far as it got."""

    number: int  # from 1
    values: dict[str, Any]  # drawn for it
    epochs: tuple[dict[str, Any], ...] = ()  # `EpochMetrics` by name, rising
    end: End | None = None
    reason: str = ""  # of a failure

    @property
    def best(self) -> dict[str, Any] | None:
        """The first epoch of the highest accuracy; None before the first, and for one that failed."""
        if self.end is End.FAILED or not self.epochs:
            return None
        return max(self.epochs, key=lambda one: (one["accuracy"], -one["epoch"]))

    @property
    def score(self) -> tuple[float, int]:
        """Higher is better; of equal ones the earlier trial."""
        return (-1.0 if self.best is None else float(self.best["accuracy"]), -self.number)

    def as_json(self) -> dict[str, Any]:
        """For --json; epochs count from 1."""
        best = self.best
        return {
            "trial": self.number,
            "end": self.end,
            "reason": self.reason,
            "epochs": len(self.epochs),
            "accuracy": best and best["accuracy"],
            "macro_f1": best and best["macro_f1"],
            "best_epoch": best and best["epoch"] + 1,
            "seconds": sum(one["seconds"] for one in self.epochs),
            "settings": self.values,
        }


@dataclass(frozen=True, slots=True)
class SearchFolder:
    """One search on the disk."""

    path: Path

    def begin(
        self, plan: Mapping[str, Any], drawn: Sequence[Mapping[str, Any]], *, resume: bool | None
    ) -> None:
        """Write down what is searched, or check that it is what was.

        Args:
            plan: what makes two searches the same.
            drawn: the values of every trial; more than before are added.
            resume: True goes on, False begins anew whatever is there, None goes on where there is a search.

        Raises:
            InputError: the folder holds something else, or the search has more trials.
            MismatchError: the search that would go on has another plan; the message says what differs.
            NotFoundError: `resume` is True and there is no search.
        """
        begun = self._read()
        if begun is None and resume:
            raise NotFoundError(f"no search was begun at {self.path}; leave --resume out")
        if begun is not None and resume is not False:
            self._check_same(begun, plan, drawn)
            self._drop_torn_line()
        else:
            self._clear(is_search=begun is not None)
        whole = {"plan": dict(plan), "trials": [dict(one) for one in drawn]}
        with disk_errors("writing down a search"):
            self.path.mkdir(parents=True, exist_ok=True)
            write_durably(self.path / PLAN_FILE, json.dumps(whole, indent=1).encode())

    def trial(self, number: int) -> Path:
        """Where trial `number` runs."""
        return self.path / f"trial-{number:04d}"

    def write_epoch(self, number: int, metrics: Mapping[str, Any]) -> None:
        """Add an epoch of a trial to the ledger; one that is there already is read once."""
        self._append({"trial": number, **metrics})

    def write_end(self, number: int, end: End, reason: str = "") -> None:
        """Add the end of a trial to the ledger."""
        self._append({"trial": number, "end": end, "reason": reason})

    def trials(self) -> list[SearchTrial]:
        """Every trial as far as the ledger knows it."""
        begun = self._read() or {"trials": []}
        epochs: dict[int, dict[int, dict[str, Any]]] = {}
        ends: dict[int, dict[str, Any]] = {}
        for line in self._lines():
            number = line.pop("trial")
            if "end" in line:
                ends[number] = line
            else:
                epochs.setdefault(number, {}).setdefault(line["epoch"], line)
        trials = []
        for number, values in enumerate(begun["trials"], start=1):
            end = ends.get(number)
            seen = tuple(one for _, one in sorted(epochs.get(number, {}).items()))
            how = (End(end["end"]), end["reason"]) if end else (None, "")
            trials.append(SearchTrial(number, values, seen, *how))
        return trials

    def write_best(self, settings: Mapping[str, Any]) -> Path:
        """Write the best settings, as `bowerbird train photo --settings-from` takes them."""
        with disk_errors("writing the best settings"):
            write_durably(self.path / BEST_FILE, (json.dumps(settings, indent=1) + "\n").encode())
        return self.path / BEST_FILE

    def _check_same(
        self, begun: Mapping[str, Any], plan: Mapping[str, Any], drawn: Sequence[Mapping[str, Any]]
    ) -> None:
        if different := _differences(plan, begun["plan"]):
            raise MismatchError(
                f"the search at {self.path} was begun with others: {'; '.join(different)}. Give those, or "
                "--fresh to begin anew, or --name for a search beside it",
                details=different,
            )
        if len(drawn) < len(begun["trials"]):
            raise InputError(
                f"the search at {self.path} has {len(begun['trials'])} trials, but {len(drawn)} were asked "
                "for; give as many or more, or --fresh to begin anew"
            )

    def _clear(self, *, is_search: bool) -> None:
        if not is_search and self.path.is_dir() and any(self.path.iterdir()):
            raise InputError(f"{self.path} holds something else than a search; give another --name")
        for one in self.path.iterdir() if self.path.is_dir() else ():
            shutil.rmtree(one) if one.is_dir() else one.unlink()

    def _lines(self) -> Iterator[dict[str, Any]]:
        path = self.path / LEDGER_FILE
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            yield json.loads(line)

    def _append(self, line: Mapping[str, Any]) -> None:
        with disk_errors("writing a search's ledger"), (self.path / LEDGER_FILE).open("ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _drop_torn_line(self) -> None:
        """A kill may have cut the last line; its epoch is in the trial's checkpoint."""
        path = self.path / LEDGER_FILE
        if path.exists():
            data = path.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            if whole != data:
                write_durably(path, whole)

    def _read(self) -> dict[str, Any] | None:
        try:
            begun: dict[str, Any] = json.loads((self.path / PLAN_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise MismatchError(
                f"{self.path / PLAN_FILE} is damaged ({error}); give --fresh to begin anew"
            ) from error
        return begun


def _differences(now: Mapping[str, Any], then: Mapping[str, Any], prefix: str = "") -> list[str]:
    """What differs, by dotted name."""
    found = []
    for name in sorted({*now, *then}):
        new, old = now.get(name), then.get(name)
        if isinstance(new, Mapping) and isinstance(old, Mapping):
            found += _differences(new, old, f"{prefix}{name}.")
        elif new != old:
            found.append(f"{prefix}{name} is {new!r} and was {old!r}")
    return found
