"""An answer as the log of replies keeps it: what was asked, and which listings the page showed where."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from bowerbird.cleaning.field_values import UNSTORABLE
from bowerbird.market.query import Query
from bowerbird.ranking.answer import Answer
from bowerbird.recommending.feed import Feed, FeedRequest
from bowerbird.retrieval.paging import Cursor
from bowerbird.storage.query_log import ServedPage


def search_page(query: Query, answer: Answer, now: datetime) -> ServedPage:
    """The page that answered `query`; later pages go on counting where the last one ended."""
    skipped = Cursor.parse(query.cursor, query).offset if query.cursor else 0
    filters = {name: value for name, value in asdict(query.filters).items() if value is not None}
    return ServedPage(
        query_id=answer.query_id,
        surface="search",
        time=now,
        listing_ids=_shown(answer),
        total=answer.total,
        words=UNSTORABLE.sub("", query.words),
        request={
            "filters": filters,
            "sort": query.sort.value,
            "limit": query.limit,
            "photo": query.photo is not None,
        },
        shopper=_known(query.shopper),
        session=_known(query.session),
        first_position=1 + skipped,
        features=answer.features,
    )


def similar_page(listing_id: str, answer: Answer, now: datetime) -> ServedPage:
    """The listings shown as similar to one."""
    asked: dict[str, Any] = {"listing_id": listing_id}
    return ServedPage(answer.query_id, "similar", now, _shown(answer), answer.total, request=asked)


def feed_page(request: FeedRequest, feed: Feed, now: datetime) -> ServedPage:
    """The recommendations that answered `request`."""
    return ServedPage(
        query_id=feed.query_id,
        surface="feed",
        time=now,
        listing_ids=tuple(hit.listing.listing_id for hit in feed.hits),
        total=feed.total,
        request={
            "limit": request.limit,
            "personal": feed.personal,
            "reasons": [hit.reason.kind.value for hit in feed.hits],
        },
        shopper=_known(request.shopper),
        session=_known(request.session),
        first_position=feed.first_position,
    )


def _known(whose: str | None) -> str | None:
    """The id as events name it; None where no event could."""
    return UNSTORABLE.sub("", whose).strip() or None if whose else None


def _shown(answer: Answer) -> tuple[str, ...]:
    return tuple(hit.listing.listing_id for hit in answer.hits)
