"""The epochs of one photo run by several machines of a Ray cluster together, through Ray Train.

Each process has its share of every batch's photos and all agree on each step, as several GPUs of one machine
do. What a run has come to lies in its folder alone, which all of them see: where one dies all begin again
after the last whole epoch, which is also what a run does that was cut short and is started again.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import ray
import torch
from ray.exceptions import RayError
from ray.train import FailureConfig, RunConfig, ScalingConfig, get_context
from ray.train.lightning import RayDDPStrategy, RayLightningEnvironment
from ray.train.torch import TorchTrainer
from ray.train.v2.api.exceptions import TrainingFailedError
from ray.util.queue import Queue
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from bowerbird.errors import BowerbirdError, UnavailableError
from bowerbird.progress import Progress, Silent
from bowerbird.training.datasets import LabelledPhotos
from bowerbird.training.epoch_end import OnEpoch, is_over, saved_history
from bowerbird.training.inside_cluster import inside_cluster
from bowerbird.training.photo_epochs import Devices, prepared_run, run_epochs
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.run_folder import RunFolder
from bowerbird.workers.ray_cluster import SECONDS_WITHOUT_PROCESSORS, Machine, machines

WORKER_DEATHS = 3  # since the last whole epoch, after which a run is left for the next time
_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Share:
    """What each of so many processes works with."""

    processes: int
    processors: int
    gpu: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What every process is told."""

    photos: LabelledPhotos
    training: PhotoTraining
    run: RunFolder
    checkpoint: Path | None
    threads: int
    told: Queue  # takes `EpochMetrics`, and what is wrong with the run itself


def run_epochs_on_cluster(
    photos: LabelledPhotos,
    training: PhotoTraining,
    run: RunFolder,
    progress: Progress,
    *,
    on: str,
    devices: int | str,
    on_epoch: OnEpoch | None,
) -> None:
    """Run the epochs of `run`, which was begun, that are left.

    Args:
        photos: labelled and parted.
        training: the settings.
        run: its folder, which every machine sees, as it sees the photos.
        progress: told of every epoch.
        on: HOST:PORT of the cluster, one of whose machines this is.
        devices: processes that learn together; 'auto' is one for each GPU, or where there is none for each
            machine.
        on_epoch: told each epoch's metrics.

    Raises:
        BowerbirdError: what is wrong with the run itself, as `run_epochs` and `prepared_run` say.
        UnavailableError: no cluster answers at `on`, it has too little for `devices`, or lost too much.
    """
    if is_over(saved_history(run.newest()), training):
        return
    # The cluster is let go of first, which ends what the thread waits for.
    with ThreadPoolExecutor(1, "ray-train") as waiting, inside_cluster(on, run.path.parent) as files:
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        told = Queue(actor_options={"num_cpus": 0, "scheduling_strategy": here})
        wanted, deaths = devices, 0
        progress.step("epochs", training.epochs)
        done = saved_history(run.newest())
        progress.advance(len(done))
        while not is_over(done, training):
            share = _awaited_share(wanted)
            wanted = share.processes  # others come in for those that die: each has its share of the photos
            checkpoint = run.newest()
            work = _Work(photos, training, run, checkpoint, share.processors, told)
            trainer = _trainer(work, share, files / f"attempt-{time.time_ns()}")
            failure = _told(waiting.submit(trainer.fit), told, progress, on_epoch)
            deaths = deaths + 1 if run.newest() == checkpoint else 0
            if deaths >= WORKER_DEATHS:
                raise UnavailableError(
                    f"the machines of {on} failed {deaths} times in one epoch: {failure}; look at their logs "
                    "and run this again: whole epochs are kept"
                )
            done = saved_history(run.newest())


def shared_out(found: Sequence[Machine], devices: int | str) -> Share | None:
    """The share of each of `devices` processes, or of as many as 'auto' finds; None: there is too little."""
    gpus = sum(int(one.gpus) for one in found)
    count = (gpus or sum(one.processors > 0 for one in found)) if devices == "auto" else int(devices)

    def places(processors: int) -> int:
        """For processes of so many processors, and a GPU where there are any."""
        room = [(one.processors // processors, int(one.gpus)) for one in found]
        return sum(min(each) if gpus else each[0] for each in room)

    most = max((one.processors for one in found), default=0)
    each = next((n for n in range(most, 0, -1) if places(n) >= count), 0)
    return Share(count, each, gpu=bool(gpus)) if count and each else None


def _awaited_share(devices: int | str) -> Share:
    """The share once there are machines enough."""
    last_try = time.monotonic() + SECONDS_WITHOUT_PROCESSORS
    while (share := shared_out(machines(), devices)) is None:
        if time.monotonic() > last_try:
            found = machines()
            raise UnavailableError(
                f"the Ray cluster has {sum(one.processors for one in found)} processors and "
                f"{sum(one.gpus for one in found):g} GPUs, too few for {devices} processes; add machines and "
                "run this again: whole epochs are kept"
            )
        time.sleep(_POLL_SECONDS)
    return share


def _trainer(work: _Work, share: Share, files: Path) -> TorchTrainer:
    return TorchTrainer(
        _learn,
        train_loop_config={"work": ray.put(work)},
        scaling_config=ScalingConfig(
            num_workers=share.processes,
            use_gpu=share.gpu,
            resources_per_worker={"CPU": share.processors, **({"GPU": 1} if share.gpu else {})},
        ),
        run_config=RunConfig(storage_path=str(files), failure_config=FailureConfig(max_failures=0)),
    )


def _learn(given: dict[str, Any]) -> None:
    """What a process does; the first of them tells."""
    work: _Work = ray.get(given["work"])
    torch.set_num_threads(work.threads)
    is_first = get_context().get_world_rank() == 0
    try:
        prepared = prepared_run(work.photos, work.training, work.run.path, Silent())
        together = Devices("auto", RayDDPStrategy(), RayLightningEnvironment())  # type: ignore[no-untyped-call]
        tell = work.told.put if is_first else None
        run_epochs(prepared, work.photos, work.training, work.run, work.checkpoint, Silent(), together, tell)
    except BowerbirdError as error:
        work.told.put(error)
        raise


def _told(fit: Future[Any], told: Queue, progress: Progress, on_epoch: OnEpoch | None) -> str:
    """Pass on what the processes tell until they end; why they ended too soon, where they did.

    Raises:
        BowerbirdError: what is wrong with the run itself.
    """
    while True:
        over = fit.done()  # what was told before it is still in the queue
        try:
            what = told.get(timeout=_POLL_SECONDS)
        except Empty:
            if over:
                break
            continue
        if isinstance(what, BowerbirdError):
            raise what
        progress.advance(1)
        if on_epoch is not None:
            on_epoch(what)
    try:
        fit.result()
    except (TrainingFailedError, RayError) as error:
        return str(error).strip().splitlines()[-1]
    return "no epoch came of it"
