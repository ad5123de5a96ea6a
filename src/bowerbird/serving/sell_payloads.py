"""What a seller is told, as plain dictionaries of JSON: the one shape that API, page and command share."""

from collections.abc import Mapping
from typing import Any

from bowerbird.market.listing import CATEGORY_SEPARATOR, Listing
from bowerbird.serving.payloads import listing_card
from bowerbird.suggesting.category import CategorySuggestion
from bowerbird.suggesting.duplicates import Duplicate
from bowerbird.suggesting.price import PriceSuggestion


def category_payload(suggestion: CategorySuggestion) -> dict[str, Any]:
    """Roots by name and leaves by their whole path, the most probable first."""
    return {
        "root": [_guess(name, probability) for name, probability in suggestion.root],
        "leaf": [_guess(path, probability) for path, probability in suggestion.leaf],
        "unsure": suggestion.unsure,
        "evidence": suggestion.evidence.value,
    }


def price_suggestion_payload(suggestion: PriceSuggestion, listings: Mapping[str, Listing]) -> dict[str, Any]:
    """Major units; `listings` are those of the comparables that are still there."""
    return {
        "priceable": suggestion.priceable,
        "reason": suggestion.reason,
        "median": suggestion.median,
        "low": suggestion.low,
        "high": suggestion.high,
        "currency": suggestion.currency,
        "comparables": [
            {
                "listing_id": one.listing_id,
                "amount": one.price,
                "similarity": round(one.similarity, 4),
                "listing": listing_card(listings[one.listing_id]),
            }
            for one in suggestion.comparables
            if one.listing_id in listings
        ],
    }


def duplicate_payload(duplicate: Duplicate) -> dict[str, Any]:
    """A listing that the draft repeats, with the photos that match: `photo` counts the draft's own from 1."""
    return {
        "listing_id": duplicate.listing.listing_id,
        "score": duplicate.score,
        "reason": duplicate.reason,
        "photos": [
            {
                "photo": pair.photo + 1,
                "content_hash": pair.content_hash,
                "url": f"/photos/{pair.content_hash}.jpg",
                "relation": pair.relation.name.lower(),
            }
            for pair in duplicate.photos
        ],
        "text": duplicate.text.name.lower() if duplicate.text else None,
        "listing": listing_card(duplicate.listing),
    }


def _guess(path: str, probability: float) -> dict[str, Any]:
    return {"category": path, "path": path.split(CATEGORY_SEPARATOR), "probability": round(probability, 4)}
