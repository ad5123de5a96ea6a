"""What a seller's words say about a price, as numbers: sizes, years, quantities, condition, price when new.

Money is taken out of the words before anything else reads them: a fifth of sellers repeat the asking price in
the description, and a model that reads it there only gives back what it was told. What a thing cost when it
was new stays, as a fact of its own. The words known here are English; on another market the facts stay 0 and
the model goes by the n-grams and meanings that it learned there.
"""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_AMOUNT = r"\d[\d,.]*"
_MONEY = re.compile(
    rf"[£€$]\s?{_AMOUNT}k?"
    rf"|\b{_AMOUNT}\s?(?:[£€]|(?:pounds?|quid|gbp|euros?|eur|dollars?|usd)\b)"
    r"|\b\d{1,2}p\b"
    rf"|\b(?:price|asking(?: for)?|selling for|sell for)\W{{1,3}}{_AMOUNT}"
    rf"|\b{_AMOUNT}\s?(?:ono|obo|onco|or near(?:est)? offer)\b",
    re.IGNORECASE,
)
_WHEN_NEW = re.compile(
    r"(?:rrp|retail\w*|cost|paid|worth|was|originally|new|value)\D{0,25}[£€$]\s?(\d[\d,]*(?:\.\d\d)?)",
    re.IGNORECASE,
)
_COUNTED = {
    "new": r"\bbrand new\b|\bbnib\b|\bbnwt\b|\bunopened\b|\bunused\b|\bsealed\b|\bnever used\b",
    "as_new": r"\blike new\b|\bas new\b|\bimmaculate\b|\bmint\b|\bhardly used\b",
    "faulty": r"\bfaulty\b|\bspares\b|\brepair|\bbroken\b|\bcracked\b|\bnot working\b|\bdamaged\b",
    "lot": r"\bbundle\b|\bjob ?lot\b|\bset of\b|\bcollection\b|\bpair\b|\bassorted\b|\bvarious\b",
    "each": r"\beach\b|\bper\b",
    "free": r"\bfree\b",
    "offers": r"\bono\b|\boffers?\b|\bswaps?\b|\bexchange\b",
    "boxed": r"\bboxed\b|\bin box\b|\boriginal box\b",
    "warranty": r"\bwarranty\b|\bguarantee\b|\breceipt\b",
    "urgent": r"\bquick sale\b|\bmust go\b|\bneed gone\b|\bbargain\b",
    "delivery": r"\bdeliver|\bpost",
    "service": r"\bservices?\b|\bwe (?:can|are|offer|do)\b|\brepairs\b|\binstallation\b",
    "vat": r"\bvat\b",
    "vintage": r"\bantique\b|\bvintage\b|\bvictorian\b|\bretro\b",
    "solid": r"\bleather\b|\boak\b|\bsolid wood\b",
}
_COUNTED_IN_TITLE = ("new", "faulty", "lot", "each", "free")
_MEASURED = {
    "gigabytes": r"(\d{1,4}) ?gb\b",
    "terabytes": r"(\d{1,2}) ?tb\b",
    "inches": r"(\d{1,3}(?:\.\d)?) ?(?:\"|inch|”|'')",
    "centimetres": r"(\d{1,4}) ?cm\b",
    "year": r"\b((?:19|20)\d\d)\b",
}
_MEASURED_IN_TITLE = {
    "times": r"\bx ?(\d{1,3})\b",
    "pieces": r"\b(\d{1,3}) ?x\b",
    "number": r"\b(\d{1,5})\b",
}
WORD_FACTS = (
    *_COUNTED,
    *(f"title_{name}" for name in _COUNTED_IN_TITLE),
    *_MEASURED,
    *(f"title_{name}" for name in _MEASURED_IN_TITLE),
    "log_price_when_new",
    "characters",
    "title_characters",
    "title_capitals",
)

_COUNT = {name: re.compile(pattern) for name, pattern in _COUNTED.items()}
_MEASURE = {name: re.compile(pattern) for name, pattern in _MEASURED.items()}
_MEASURE_IN_TITLE = {name: re.compile(pattern) for name, pattern in _MEASURED_IN_TITLE.items()}


def without_money(text: str) -> str:
    """`text` without the amounts of money in it."""
    return _MONEY.sub(" ", text)


def word_facts(title: str, rest: str) -> NDArray[np.float64]:
    """(len(WORD_FACTS),) counts and measures; NaN for a measure that the words do not give."""
    plain_title = without_money(title)
    text = f"{plain_title} {without_money(rest)}"
    lower, lower_title = text.lower(), plain_title.lower()
    facts = [
        *(float(len(pattern.findall(lower))) for pattern in _COUNT.values()),
        *(float(len(_COUNT[name].findall(lower_title))) for name in _COUNTED_IN_TITLE),
        *(_greatest(pattern, lower) for pattern in _MEASURE.values()),
        *(_greatest(pattern, lower_title) for pattern in _MEASURE_IN_TITLE.values()),
        _greatest(_WHEN_NEW, f"{title} {rest}", np.log1p),
        float(len(text)),
        float(len(plain_title)),
        sum(letter.isupper() for letter in plain_title) / max(1, len(plain_title)),
    ]
    return np.array(facts)


def _greatest(pattern: re.Pattern[str], text: str, scale: Callable[[float], float] = float) -> float:
    found = [float(number.replace(",", "") or 0) for number in pattern.findall(text)]
    return float(scale(max(found))) if found else np.nan
