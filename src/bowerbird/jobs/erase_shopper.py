"""All that is stored about a shopper, given out or forgotten."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from bowerbird.market.event import Event
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.query_log import ServedPage
from bowerbird.storage.shopper_records import Erasure, ShopperRecord

SETTLE_SECONDS = 0.5  # a server writes the pages it served within 0.2 seconds and one commit


def erase_shopper(
    stores: EventStores,
    shopper: str,
    *,
    forget: Callable[[str, Sequence[str]], None] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Erasure:
    """Delete every row about `shopper` and rid the database's files of their id.

    It looks twice: a page that some server had served but not yet written is gone too. `forget` is given the
    shopper and their sessions once no row is left, for what is kept in memory.

    Raises:
        UnavailableError: another program holds the database; its message says what is done and what is not.
    """
    first = stores.shoppers.erase(shopper)
    pause(SETTLE_SECONDS)
    second = stores.shoppers.erase(shopper)
    sessions = tuple(sorted({*first.sessions, *second.sessions}))
    if forget is not None:
        forget(shopper, sessions)
    stores.shoppers.scrub(shopper)
    return Erasure(
        sessions,
        first.events + second.events,
        first.queries + second.queries,
        first.rejections + second.rejections,
    )


def erasure_payload(shopper: str, erasure: Erasure) -> dict[str, Any]:
    """What was erased, as JSON."""
    return {
        "shopper": shopper,
        "erased": {
            "events": erasure.events,
            "queries": erasure.queries,
            "rejected_rows": erasure.rejections,
            "sessions": len(erasure.sessions),
        },
    }


def record_payload(shopper: str, record: ShopperRecord) -> dict[str, Any]:
    """All that is stored about a shopper, as JSON."""
    return {
        "shopper": shopper,
        "sessions": list(record.sessions),
        "events": [event_payload(event) for event in record.events],
        "queries": [_page_payload(page) for page in record.pages],
        "rejected_rows": [
            {"row": row.row, "field": row.field, "value": row.value, "reason": row.reason.text}
            for row in record.rejections
        ],
    }


def event_payload(event: Event) -> dict[str, Any]:
    """An event as JSON, in the names that POST /v1/events takes."""
    return {
        "event_id": event.event_id,
        "type": event.type.value,
        "listing_id": event.listing_id,
        "time": event.time.isoformat(),
        "shopper": event.shopper,
        "session": event.session,
        "query_id": event.query_id,
        "position": event.position,
    }


def _page_payload(page: ServedPage) -> dict[str, Any]:
    return {
        "query_id": page.query_id,
        "surface": page.surface,
        "time": page.time.isoformat(),
        "words": page.words,
        "request": page.request,
        "shopper": page.shopper,
        "session": page.session,
        "total": page.total,
        "first_position": page.first_position,
        "listing_ids": list(page.listing_ids),
    }
