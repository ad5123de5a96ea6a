"""Values of the engine as plain dictionaries of JSON: the one shape that API, pages and CLI share."""

from typing import Any

from bowerbird.engine import Engine
from bowerbird.market.listing import Listing, Photo, Price
from bowerbird.ranking.answer import Answer, Hit
from bowerbird.ranking.explanation import Why
from bowerbird.retrieval.understanding import Understood


def price_payload(price: Price | None) -> dict[str, Any] | None:
    """Amount in major units, currency, and both as a person writes them."""
    if price is None:
        return None
    return {"amount": price.major, "currency": price.currency, "text": str(price)}


def photo_payload(photo: Photo) -> dict[str, Any]:
    """A stored photo and where it is served."""
    return {
        "photo_id": photo.photo_id,
        "content_hash": photo.content_hash,
        "url": f"/photos/{photo.content_hash}.jpg",
        "width": photo.width,
        "height": photo.height,
    }


def listing_card(listing: Listing) -> dict[str, Any]:
    """What a result card shows of a listing; unknown is null."""
    return {
        "listing_id": listing.listing_id,
        "title": listing.title,
        "price": price_payload(listing.price),
        "category": list(listing.category),
        "place": listing.place,
        "status": listing.status.value if listing.status else None,
        "created_at": listing.created_at.isoformat() if listing.created_at else None,
        "photos": [photo_payload(photo) for photo in listing.photos],
    }


def listing_payload(listing: Listing) -> dict[str, Any]:
    """Everything that is known of a listing."""
    return {
        **listing_card(listing),
        "description": listing.description,
        "attributes": [{"name": name, "value": value} for name, value in listing.attributes],
        "seller": listing.seller_id,
        "latitude": listing.latitude,
        "longitude": listing.longitude,
    }


def why_payload(why: Why) -> dict[str, Any]:
    """Which branches, which words, which photo."""
    branches = [{"branch": hit.branch, "rank": hit.rank, "score": hit.score} for hit in why.branches]
    return {"branches": branches, "words": list(why.words), "photo": why.photo, "text": why.text}


def answer_payload(answer: Answer, engine: Engine) -> dict[str, Any]:
    """The reply to a search or to 'similar listings'."""
    settings = engine.settings
    return {
        "query_id": answer.query_id,
        "took_ms": round(answer.took_ms, 3),
        "total": answer.total,
        "total_is_exact": answer.total_is_exact,
        "hits": [_hit_payload(hit) for hit in answer.hits],
        "facets": answer.facets,
        "next_cursor": answer.next_cursor,
        "degraded": list(answer.degraded),
        "understood": _understood_payload(answer.understood),
        "did_you_mean": answer.did_you_mean,
        "ranker": answer.ranker,
        "fusion": {"method": "rrf", "k": settings.rrf_k, "weights": settings.weights},
        "stages_ms": {stage: round(ms, 3) for stage, ms in answer.stages.items()},
    }


def _hit_payload(hit: Hit) -> dict[str, Any]:
    shown = {**listing_card(hit.listing), "score": hit.score, "why": why_payload(hit.why)}
    return shown if hit.parts is None else {**shown, "score_parts": dict(hit.parts)}


def _understood_payload(understood: Understood | None) -> dict[str, Any] | None:
    if understood is None:
        return None
    return {
        "words": understood.words,
        "price_min": understood.price_min,
        "price_max": understood.price_max,
        "category": understood.category,
        "place": understood.place,
        "spans": [{"text": span.text, "field": span.field, "value": span.value} for span in understood.spans],
    }
