"""The search over a photo classifier's settings, top to bottom: photos in, the best settings out.

`run_photo_search(settings, base, progress, options)` -> `SearchReport`. Trials are drawn and written down
first, then run by Ray Tune; killed at any instant and started again, the search goes on with the trials that
have no end, each after its last whole epoch.
"""

import importlib.util
import re
import shlex
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import TensorBoardLogger

from bowerbird.assembly import create_home
from bowerbird.errors import InputError, TrainingError, UnavailableError
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.training.datasets import LabelledPhotos
from bowerbird.training.folder_lock import alone_in
from bowerbird.training.inside_cluster import check_inside
from bowerbird.training.photo_folder import read_photo_folder
from bowerbird.training.photo_market import market_photos
from bowerbird.training.photo_slice import sliced_photos
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.photo_trunk import load_architecture
from bowerbird.training.search_folder import End, SearchFolder, SearchTrial
from bowerbird.training.search_trial import drop_all_but_best
from bowerbird.training.training_data import load_training_data
from bowerbird.training.tuning_space import drawn_values, searched_space

OnTrial = Callable[[SearchTrial], None]
HALVING_FACTOR = 3  # of Li et al.
_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
LONG = 6  # epochs from which a trial is first given two


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How a search is run."""

    folder: Path | None = None  # photos by class; None is the home's own market
    trials: int = 8
    photo_slice: str | None = None  # a share or a number of photos; None is all
    parallel: int = 1
    name: str = "photo"
    resume: bool | None = None
    fixed: Collection[str] = ()  # settings that are not searched
    on: str | None = None  # HOST:PORT of a Ray cluster whose machines see the home and the photos


@dataclass(frozen=True, slots=True)
class SearchReport:
    """What came of it."""

    folder: Path
    photos: int
    classes: int
    trials: tuple[SearchTrial, ...]  # best first
    unfinished: tuple[str, ...]  # why trials have no end
    best: PhotoTraining
    best_file: Path
    command: str  # that trains with the best settings

    def payload(self) -> dict[str, Any]:
        """For --json."""
        return {
            "folder": str(self.folder),
            "photos": self.photos,
            "classes": self.classes,
            "trials": [one.as_json() for one in self.trials],
            "unfinished": list(self.unfinished),
            "best": self.best.as_json(),
            "best_file": str(self.best_file),
            "command": self.command,
        }


def run_photo_search(
    settings: Settings,
    base: PhotoTraining,
    progress: Progress,
    options: SearchOptions,
    *,
    on_trial: OnTrial | None = None,
) -> SearchReport:
    """Search around `base` by the accuracy on validation photos; the test part is never looked at.

    Raises:
        InputError: there is nothing to tell apart or to search, or an option cannot be used.
        MismatchError: the search that would go on is another.
        NotFoundError: there is no such home or folder, or no search to go on with.
        TrainingError: no trial learned, or the backbone cannot be loaded.
        UnavailableError: Ray is not installed, or another search runs in the folder.
    """
    space = _checked_space(base, options)
    photos = sliced_photos(_photos(settings, base, progress, options), options.photo_slice, seed=base.seed)
    load_architecture(base)  # what cannot be loaded fails every trial
    folder = SearchFolder((settings.home / "runs" / "tune" / options.name).resolve())
    with alone_in(folder.path, wait=False):
        values = [drawn_values(space, number, seed=base.seed) for number in range(1, options.trials + 1)]
        plan = _plan(photos, base, {name: str(axis) for name, axis in space.items()})
        folder.begin(plan, values, resume=options.resume)
        trainings = {number: base.changed(drawn) for number, drawn in enumerate(values, start=1)}
        unfinished = _search(photos, trainings, folder, progress, options, on_trial)
        trials = tuple(sorted(folder.trials(), key=lambda one: one.score, reverse=True))
        if trials[0].best is None:
            reason = [*unfinished, *(one.reason for one in trials if one.reason)][0]
            raise TrainingError(f"none of {len(trials)} trials learned anything; the first: {reason}")
        best = trainings[trials[0].number]
        path = folder.write_best(best.as_json())
    command = _train_command(path, settings, options)
    return SearchReport(
        folder.path, len(photos.names), len(photos.classes), trials, tuple(unfinished), best, path, command
    )


def _checked_space(base: PhotoTraining, options: SearchOptions) -> dict[str, Any]:
    if options.trials < 1 or options.parallel < 1:
        raise InputError(
            f"trials and parallel must be at least 1, but {options.trials} and {options.parallel} were given"
        )
    if not _NAME.fullmatch(options.name):
        raise InputError(
            f"a search's name is of letters, digits, '_', '-' and '.', but {options.name!r} was given"
        )
    if options.on is not None:
        check_inside(options.on, "a search")
    if base.teacher_weight:
        raise InputError(f"a search has no teacher, but teacher_weight={base.teacher_weight} was given")
    if importlib.util.find_spec("ray") is None:
        raise UnavailableError("a search needs Ray Tune; run pip install 'bowerbird[tune]'")
    space = searched_space(base.architecture, options.fixed)
    if not space:
        raise InputError("every setting that can be searched is fixed; leave some options out")
    return space


def _photos(
    settings: Settings, base: PhotoTraining, progress: Progress, options: SearchOptions
) -> LabelledPhotos:
    if options.folder is None:
        progress.step("reading the market", None)
        return market_photos(settings, load_training_data(settings))
    create_home(settings)
    return read_photo_folder(options.folder.resolve(), progress, seed=base.seed)


def _plan(photos: LabelledPhotos, base: PhotoTraining, space: dict[str, str]) -> dict[str, Any]:
    """What two searches must share to be one; a searched setting's own value in `base` means nothing."""
    settings = {name: value for name, value in base.as_json().items() if name not in space}
    return {"photos": photos.fingerprint, "settings": settings, "space": space}


def _search(
    photos: LabelledPhotos,
    trainings: dict[int, PhotoTraining],
    folder: SearchFolder,
    progress: Progress,
    options: SearchOptions,
    on_trial: OnTrial | None,
) -> list[str]:
    """Run what has no end, if anything has none; why trials still have none."""
    trials = {one.number: one for one in folder.trials()}
    ended = sum(one.end is not None for one in trials.values())
    progress.step("trials", len(trials))
    progress.advance(ended)
    if ended == len(trials):
        return []
    # Ray takes seconds to import, and what is above needs none of it.
    from bowerbird.training.ray_trials import Halving, run_waiting_trials

    last: dict[int, dict[str, Any]] = {}

    def keep(number: int, result: dict[str, Any]) -> None:
        last[number] = result
        if not result["failure"]:
            folder.write_epoch(number, {name: result[name] for name in _KEPT})

    def end(number: int) -> None:
        result = last[number]
        failed, ran_out = End.FAILED if result["failure"] else None, End.FINISHED if result["last"] else None
        _show(folder, number, trials[number].values)
        folder.write_end(number, failed or ran_out or End.STOPPED, result["failure"])
        drop_all_but_best(folder.trial(number))
        progress.advance(1)
        if on_trial is not None:
            on_trial(folder.trials()[number - 1])

    epochs = trainings[1].epochs
    halving = Halving(epochs, grace=2 if epochs >= LONG else 1, factor=HALVING_FACTOR)
    return run_waiting_trials(
        photos,
        trainings,
        folder,
        halving,
        parallel=options.parallel,
        on=options.on,
        on_result=keep,
        on_end=end,
    )


_KEPT = ("epoch", "loss", "accuracy", "macro_f1", "learning_rate", "seconds")  # `EpochMetrics`


def _show(folder: SearchFolder, number: int, values: dict[str, Any]) -> None:
    """The trial's settings and its best accuracy, for TensorBoard's table of them."""
    best = folder.trials()[number - 1].best
    if best is not None:
        logger = TensorBoardLogger(folder.trial(number), name="", version="")
        figures = {f"best/{name}": float(best[name]) for name in ("accuracy", "macro_f1", "loss")}
        logger.log_hyperparams(values, figures)
        logger.finalize("success")


def _train_command(best: Path, settings: Settings, options: SearchOptions) -> str:
    words = ["bowerbird", "train", "photo", "--settings-from", best, "--home", settings.home]
    if options.folder is not None:
        words += ["--folder", options.folder]
    return shlex.join(map(str, words))
