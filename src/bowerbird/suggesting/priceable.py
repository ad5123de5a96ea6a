"""Whether an offer has a price at all, by rule: wanted adverts, swaps, gifts, services, lists of many prices.

The rules look for words that settle the matter on their own; what they do not see is left to the probability
that `training.train_price` learns from the market. Xianyu asks the same question first (arXiv:2012.06008).
"""

import re
from enum import StrEnum

from bowerbird.market.listing import Listing


class NoPrice(StrEnum):
    """Why no price is suggested, as a sentence for the seller."""

    NOTHING_TO_GO_BY = "There are no words and no photo to go by."
    WANTED = "It reads like a wanted advert, and those are not priced."
    SWAP = "It is offered for a swap, not for money."
    FREE = "It is given away."
    SERVICE = "It reads like a service, work or a let, which is priced by the job."
    BUSINESS = "It reads like a business for sale, and the market tells too little about those."
    MANY_PRICES = "It holds several things, each with its own price; list them one by one."
    SELDOM_PRICED = "Listings like it seldom carry a real price: they are given away, or ask a placeholder."


# The first that matches a title counts. 'Free' begins many words that give nothing away.
_BY_TITLE: dict[NoPrice, tuple[str, ...]] = {
    NoPrice.WANTED: (r"\bwanted\b(?!.*\bposter)", r"^\W*(?:looking for|wtb|we buy|i buy|cash for)\b"),
    NoPrice.FREE: (
        r"^\W*free\b(?![- ]?(?:standing|sat|view|lance|sync|post|p\b|uk|delivery|shipping|style|weights?))",
        r"\bfree to (?:a )?(?:good|collect|pick|who|any)",
        r"\bfor free\b",
        r"\bfree for collection\b",
        r"\bfree\W*$",
    ),
    NoPrice.SWAP: (r"^\W*swaps?\b", r"\bswaps? (?:for|only)\b", r"\bto swap\b", r"\bexchange for\b"),
    NoPrice.BUSINESS: (
        r"\b(?:business|salon|shop|restaurant|takeaway|cafe|studio|house) +(?:for sale|to let|to rent)\b",
        r"\bbusiness opportunity\b",
        r"\blease for sale\b",
    ),
    NoPrice.SERVICE: (
        r"\b(?:repairs?|cleaning|removals?|hire|installation|delivery|printing|unlocking) services?\b",
        r"\bman (?:and|with|&|with a|and a) van\b",
        r"\bhandy ?man\b",
        r"\b(?:for|to) (?:hire|rent|let)\b",
        r"\b(?:tuition|lessons|vacancy|hiring)\b",
        r"\bmassage (?:therap|service|by)",
        r"\bplastering and\b",
    ),
}
_ANYWHERE: dict[NoPrice, tuple[str, ...]] = {
    NoPrice.FREE: (
        r"\bfree to (?:a )?(?:good home|collect|collector|pick up|anyone)\b",
        r"\b(?:item|it) is free\b",
        r"\bgiving (?:it |this |them )?away (?:for )?free\b",
        r"\bfree for (?:collection|pick)",
    ),
    NoPrice.MANY_PRICES: (
        r"\b(?:individually|separately) priced\b",
        r"\bpriced (?:individually|separately)\b",
        r"\bprices? var(?:y|ies)\b",
        r"\bvarious prices\b",
    ),
}


def _compiled(patterns: dict[NoPrice, tuple[str, ...]]) -> tuple[tuple[NoPrice, re.Pattern[str]], ...]:
    return tuple((reason, re.compile("|".join(any_of), re.IGNORECASE)) for reason, any_of in patterns.items())


_TITLE_RULES, _TEXT_RULES = _compiled(_BY_TITLE), _compiled(_ANYWHERE)


def no_price_by_rule(listing: Listing) -> NoPrice | None:
    """Why `listing` cannot be priced; None where no rule says so."""
    for reason, pattern in _TITLE_RULES:
        if pattern.search(listing.title):
            return reason
    for reason, pattern in _TEXT_RULES:
        if pattern.search(listing.text):
            return reason
    return None
