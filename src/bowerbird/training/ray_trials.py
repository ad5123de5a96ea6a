"""Trials of a search run side by side by Ray Tune, here or on a cluster; those behind are stopped early.

Ray decides when a trial runs and when it stops; what it knows dies with the search. It keeps its state as
pickles, which are written to a temporary folder and never read: a search goes on from its `SearchFolder`.
ASHA: Li et al., 2020, 'A system for massively parallel hyperparameter tuning'.
"""

import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler

from bowerbird.training.datasets import LabelledPhotos
from bowerbird.training.inside_cluster import ENVIRONMENT, inside_cluster, scratch
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.search_folder import SearchFolder, SearchTrial
from bowerbird.training.search_trial import run_trial
from bowerbird.workers.ray_cluster import machines

OnResult = Callable[[int, dict[str, Any]], None]
OnEnd = Callable[[int], None]
METRIC, TIME = "accuracy", "epochs"
WORKER_DEATHS = 3  # after which a trial is left for the next time
_STORE_BYTES = 100_000_000  # Ray takes no less than 75 MB


@dataclass(frozen=True, slots=True)
class Halving:
    """Of all trials, 1 in `factor` goes on after `grace` epochs, and so on after `factor` times as many."""

    epochs: int
    grace: int
    factor: int

    def scheduler(self, known: Sequence[SearchTrial]) -> ASHAScheduler:
        """A scheduler that has seen the `known` trials, which do not run."""
        scheduler = ASHAScheduler(
            TIME, METRIC, "max", max_t=self.epochs, grace_period=self.grace, reduction_factor=self.factor
        )
        for trial in known:
            # Of a trial it looks at the id alone, of who runs it at nothing.
            one: Any = SimpleNamespace(trial_id=f"known-{trial.number}")
            nobody: Any = None
            scheduler.on_trial_add(nobody, one)
            for metrics in trial.epochs:
                scheduler.on_trial_result(nobody, one, {**metrics, TIME: metrics["epoch"] + 1})
        return scheduler


def run_waiting_trials(
    photos: LabelledPhotos,
    trainings: Mapping[int, PhotoTraining],
    folder: SearchFolder,
    halving: Halving,
    *,
    parallel: int,
    on: str | None,
    on_result: OnResult,
    on_end: OnEnd,
) -> list[str]:
    """Run the trials of `folder` that have no end, in order; why some still have none.

    Args:
        photos: without a test part.
        trainings: the settings of each trial by number.
        folder: of the search.
        halving: when a trial is stopped.
        parallel: trials at a time.
        on: HOST:PORT of a cluster whose machines see `folder` and the photos, this one among them; None is
            this machine.
        on_result: told each epoch of a trial, in this process.
        on_end: told that a trial is over.

    Raises:
        UnavailableError: no cluster answers at `on`.
    """
    trials = folder.trials()
    waiting = [one.number for one in trials if one.end is None]
    features = 0 if photos.features is None else photos.features.nbytes
    processors = max(os.cpu_count() or 1, parallel)
    here = partial(_local_ray, processors, 2 * features + _STORE_BYTES)
    with here() if on is None else inside_cluster(on, folder.path.parent) as files:
        threads, gpus = _share(parallel)

        def trial(config: dict[str, Any], photos: LabelledPhotos) -> None:
            number = config["trial"]
            run_trial(photos, trainings[number], folder.trial(number), tune.report, threads=threads)

        # Not `Tuner`, which would pickle the callback with the progress bars in it.
        analysis = tune.run(
            tune.with_parameters(trial, photos=photos),
            name="search",
            config={"trial": tune.grid_search(waiting)},
            scheduler=halving.scheduler([one for one in trials if one.end is not None]),
            resources_per_trial={"cpu": threads, "gpu": gpus},
            callbacks=[_Told(on_result, on_end)],
            storage_path=str(files / "tune"),
            max_failures=WORKER_DEATHS,
            max_concurrent_trials=parallel,
            reuse_actors=True,  # starting a process and importing torch takes seconds
            raise_on_failed_trial=False,
            verbose=0,
        )
    return [
        f"trial {one.config['trial']}: {_cause(one.get_error())}"
        for one in analysis.trials
        if one.status == one.ERROR
    ]


class _Told(tune.Callback):
    """Passes on what trials report, in the process of the search."""

    def __init__(self, on_result: OnResult, on_end: OnEnd) -> None:
        self._on_result, self._on_end = on_result, on_end

    def on_trial_result(
        self,
        iteration: int,  # noqa: ARG002 - Ray's signature
        trials: list[Any],  # noqa: ARG002
        trial: Any,  # noqa: ANN401
        result: dict[str, Any],
        **_: object,
    ) -> None:
        self._on_result(trial.config["trial"], result)

    def on_trial_complete(
        self,
        iteration: int,  # noqa: ARG002 - Ray's signature
        trials: list[Any],  # noqa: ARG002
        trial: Any,  # noqa: ANN401
        **_: object,
    ) -> None:
        self._on_end(trial.config["trial"])


def _share(parallel: int) -> tuple[int, float]:
    """Processors and GPUs of each of so many trials at a time; no trial has those of two machines."""
    found = machines()
    processors = [one.processors for one in found]
    gpus = sum(one.gpus for one in found)
    return max(1, min(max(processors), sum(processors) // parallel)), min(1.0, gpus / parallel)


@contextmanager
def _local_ray(processors: int, store_bytes: int) -> Iterator[Path]:
    """Ray's processes on this machine for as long as the block runs, and a folder that goes with them."""
    os.environ.update(ENVIRONMENT)
    # The name is short because the path of a socket may have 107 letters, of which Ray takes 63.
    with scratch(Path(tempfile.gettempdir()), f"bb-{os.getuid()}-") as files:
        try:
            ray.init(
                "local",
                num_cpus=processors,
                include_dashboard=False,
                object_store_memory=store_bytes,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _temp_dir=str(files),
            )
            yield files
        finally:
            ray.shutdown()


def _cause(error: object) -> str:
    """The last line of what went wrong, without the traceback."""
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else "its process ended"
