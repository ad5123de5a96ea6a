"""Is this home fit to serve? Each check says what it saw and, where something is wrong, what to do."""

import os
import shutil
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bowerbird.assembly import (
    open_catalogue,
    open_event_stores,
    open_generations,
    open_photo_store,
    open_stores,
)
from bowerbird.encoding.artefact import Kind, find_artefact
from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.errors import BowerbirdError
from bowerbird.intake import is_loopback
from bowerbird.jobs.trace_parts import lacking_package, why_unreached
from bowerbird.settings import Settings
from bowerbird.stages import projection_settings
from bowerbird.storage.event_log import latest_time
from bowerbird.storage.generations import Selection
from bowerbird.storage.key_store import KeyStore, Scope
from bowerbird.storage.log_sequence import EVENTS, QUERIES
from bowerbird.storage.model_registry import active_model, damaged_models

BYTES_A_LISTING = 12_000  # vectors, words and columns in memory, measured on the 100,000-listing benchmark
SPARE_DISK = 2_000_000_000
PHOTOS_SAMPLED = 50
QUICK = ("disk", "catalogue", "memory", "photos")  # the checks that take milliseconds


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    verdict: Verdict
    seen: str
    advice: str = ""


def examine(settings: Settings, names: Collection[str] | None = None) -> list[Check]:
    """Every check, or those of `names`, in the order in which to mend what failed."""
    checks: list[tuple[str, Callable[[Settings], Check]]] = [
        ("disk", _disk),
        ("catalogue", _catalogue),
        ("memory", _memory),
        ("photos", _photos),
        ("backbones", _backbones),
        ("index", _index),
        ("models", _models),
        ("access", _access),
        ("clock", _clock),
        ("observing", _observing),
    ]
    return [_guarded(name, check, settings) for name, check in checks if names is None or name in names]


def _guarded(name: str, check: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return check(settings)
    except BowerbirdError as error:
        seen, _, advice = error.message.partition("; ")
        return Check(name, Verdict.FAILED, seen, advice)


def _disk(settings: Settings) -> Check:
    folder = next(parent for parent in (settings.home, *settings.home.resolve().parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    seen = f"{free / 1e9:.1f} GB free at {folder}"
    if free < SPARE_DISK:
        return Check("disk", Verdict.WARNING, seen, "free some space: an index is built beside the old one")
    return Check("disk", Verdict.OK, seen)


def _catalogue(settings: Settings) -> Check:
    with closing(open_catalogue(settings)) as catalogue:
        count, revision = len(catalogue), catalogue.revision()
    if not count:
        return Check("catalogue", Verdict.WARNING, "0 listings", "run `bowerbird import FILE`")
    return Check("catalogue", Verdict.OK, f"{count:,} listings at revision {revision:,}")


def _memory(settings: Settings) -> Check:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with closing(open_catalogue(settings)) as catalogue:
        needed = BYTES_A_LISTING * len(catalogue)
    seen = f"{total / 1e9:.1f} GB, of which the index takes about {needed / 1e9:.1f} GB"
    if needed > total / 2:
        return Check("memory", Verdict.WARNING, seen, "use a machine with more memory")
    return Check("memory", Verdict.OK, seen)


def _photos(settings: Settings) -> Check:
    store = open_photo_store(settings)
    with closing(open_catalogue(settings)) as catalogue:
        listings = next(catalogue.scan(PHOTOS_SAMPLED), [])
    hashes = [photo.content_hash for listing in listings for photo in listing.photos]
    lost = [content_hash for content_hash in hashes if content_hash not in store]
    if lost:
        return Check(
            "photos",
            Verdict.FAILED,
            f"{len(lost)} of {len(hashes)} sampled photos are gone, such as {lost[0][:12]}",
            "run `bowerbird import` again with --photos",
        )
    return Check("photos", Verdict.OK, f"{len(hashes)} sampled photos are all stored")


def _backbones(settings: Settings) -> Check:
    names = settings.encoders
    photo = find_artefact(settings.models, Kind.PHOTO, names.photo_backbone)
    text = find_artefact(settings.models, Kind.TEXT, names.text_backbone)
    seen = f"{names.photo_backbone} ({photo.fingerprint}) and {names.text_backbone} ({text.fingerprint})"
    return Check("backbones", Verdict.OK, seen)


def _index(settings: Settings) -> Check:
    with closing(open_stores(settings)) as stores:
        encoders, revision = stores.encoders, stores.catalogue.revision()
    selection = open_generations(settings).select()
    generation = selection.generation
    if generation is None:
        seen = "; ".join(("no index generation", *_damage(selection)))
        return Check("index", Verdict.WARNING, seen, "run `bowerbird index`")
    manifest = generation.manifest
    seen = "; ".join((f"generation {generation.name} at revision {manifest.revision:,}", *_damage(selection)))
    if manifest.encoders != encoders:
        return Check("index", Verdict.FAILED, f"{seen}, made by other encoders", "run `bowerbird index`")
    if selection.skipped:
        return Check("index", Verdict.WARNING, seen, "run `bowerbird index`")
    storage = projection_settings(settings).index.storage
    if vectors := storage.examine(generation.folder):
        seen += f"; {vectors}"
    elif storage.in_milvus:
        seen += "; its vectors are in files, but index.vector_index is milvus"
        return Check("index", Verdict.WARNING, seen, "run `bowerbird index`")
    behind = revision - manifest.revision
    if behind:
        return Check(
            "index",
            Verdict.WARNING,
            f"{seen}, {behind:,} changes behind",
            "they are replayed at start; `bowerbird index` makes the start faster",
        )
    return Check("index", Verdict.OK, seen)


def _models(settings: Settings) -> Check:
    """The learned models, every file of them; what is not in use and not whole is only warned of."""
    in_use = [model for kind in LearnedKind if (model := active_model(settings.models, kind)) is not None]
    seen = ", ".join(f"{model.kind} {model.fingerprint}" for model in in_use) or "none"
    seen += " in use"
    if any(model.encoders for model in in_use):
        with closing(open_stores(settings)) as stores:
            encoders = stores.encoders.items()
        stale = [model.kind for model in in_use if not model.encoders.items() <= encoders]
        if stale:
            seen += f"; {', '.join(stale)} learned from vectors of other encoders"
            return Check("models", Verdict.FAILED, seen, "run `bowerbird train all` for them again")
    damaged = damaged_models(settings.models)
    if damaged:
        reason, _, advice = next(iter(damaged.values())).message.partition("; ")
        return Check("models", Verdict.WARNING, f"{seen}; {len(damaged)} not whole: {reason}", advice)
    return Check("models", Verdict.OK, seen)


def _access(settings: Settings) -> Check:
    """Whether those who should can come in, and nobody else."""
    now, host = datetime.now(UTC), settings.serving.host
    with closing(open_event_stores(settings)) as stores:
        keys = KeyStore(stores.database).keys()
    live = [key for key in keys if key.is_live(now)]
    reach = "this machine" if is_loopback(host) else "other machines"
    seen = f"{len(live)} of {len(keys)} keys live, {reach} can reach {host}"
    if not live and (keys or not is_loopback(host)):
        return Check("access", Verdict.FAILED, seen, "run `bowerbird keys create NAME --scope admin`")
    if live and not any(key.reaches(Scope.ADMIN) for key in live):
        advice = "the owner's page needs one: run `bowerbird keys create NAME --scope admin`"
        return Check("access", Verdict.WARNING, f"{seen}, none with the scope admin", advice)
    return Check("access", Verdict.OK, seen if keys else f"{seen} without a key")


def _clock(settings: Settings) -> Check:
    """Whether what was logged lies in the future, as after a clock was set back."""
    now = datetime.now(UTC)
    with closing(open_event_stores(settings)) as stores:
        times = [latest_time(stores.database, log) for log in (EVENTS, QUERIES)]
    latest = max((time for time in times if time is not None), default=now)
    seen = f"{now:%Y-%m-%d %H:%M} UTC"
    if latest > now + timedelta(seconds=settings.events.future_seconds):
        seen += f", but something was logged at {latest:%Y-%m-%d %H:%M}"
        return Check("clock", Verdict.WARNING, seen, "set the clock; events of the future are refused")
    return Check("clock", Verdict.OK, seen)


def _observing(settings: Settings) -> Check:
    observing = settings.observing
    seen = f"{observing.log_format} lines from {observing.log_level} on"
    if not observing.otlp_endpoint:
        return Check("observing", Verdict.OK, f"{seen}, no traces")
    seen += f", traces to {observing.otlp_endpoint}"
    lacking = lacking_package()
    if lacking is not None:
        seen += f", but {lacking} is not installed"
        return Check("observing", Verdict.FAILED, seen, "install bowerbird[trace]")
    why = why_unreached(observing.otlp_endpoint)
    if why is not None:
        return Check("observing", Verdict.WARNING, f"{seen}: {why}", "start the collector; spans are dropped")
    return Check("observing", Verdict.OK, seen)


def _damage(selection: Selection) -> list[str]:
    """Why newer generations were passed over, without what to do, which is the check's advice."""
    return [reason.partition(": run ")[0] for reason in selection.skipped]
