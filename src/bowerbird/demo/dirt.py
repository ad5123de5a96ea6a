"""A handful of rows spoilt on purpose, so that an import has something to report."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from bowerbird.demo.plan import DrawnListing, Plan


def spoil(plans: Sequence[Plan], rng: np.random.Generator) -> list[Plan]:
    """`plans` with one of each kind of dirt in every thousand listings or part of one, at least 40 each."""
    plans = list(plans)
    own = [
        i
        for i, plan in enumerate(plans)
        if plan.photos
        and plan.listing.truth.duplicate_of is None
        and not any(other.listing.truth.duplicate_of == plan.listing.truth.listing_id for other in plans)
    ]
    rounds = len(plans) // 1000 + 1 if len(plans) >= 40 else 0
    chosen = rng.choice(own, rounds * len(_DIRT), replace=False).tolist()
    for place, (dirt, change) in zip(chosen, list(_DIRT.items()) * rounds, strict=True):
        plan = change(plans[place])
        truth = replace(plan.listing.truth, dirt=dirt)
        plans[place] = replace(plan, listing=replace(plan.listing, truth=truth))
    return plans


def _set(plan: Plan, column: str, value: str) -> Plan:
    return replace(plan, listing=DrawnListing(plan.listing.truth, plan.listing.row | {column: value}))


def _treat_last(plan: Plan, treatment: str) -> Plan:
    return replace(plan, photos=(*plan.photos[:-1], replace(plan.photos[-1], treatment=treatment)))


def _lose_last(plan: Plan) -> Plan:
    return replace(plan, photos=plan.photos[:-1])


_DIRT: dict[str, Callable[[Plan], Plan]] = {
    "missing title": lambda plan: _set(plan, "title", ""),
    "bad price": lambda plan: _set(plan, "price", "make me an offer"),
    "negative price": lambda plan: _set(plan, "price", "£-20"),
    "unknown status": lambda plan: _set(plan, "status", "on hold??"),
    "broken photo": lambda plan: _treat_last(plan, "broken"),
    "missing photo": _lose_last,
    "letterboxed photo": lambda plan: _treat_last(plan, "letterboxed"),
}
