"""Price limits said in words: 'under £100', 'between 50 and 100', '£1-2k', '100 or less', '>= 20 quid'.

The rules leave words alone when in doubt. A bare number is never a price ('iphone 11'). Nor is a number with
a unit ('under 120 cm'), after a word of measure ('age over 18') or, in a range, one that may be a year. A
currency sign or word settles it. The currency itself is not read: a market's prices are in its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LONE_SMALLEST = 20  # 'sofa 100 max' is a price, 'iphone 13 max' is not
_YEARS = range(1900, 2036)

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,7})(?:\.[0-9]{1,2})?"
_BEFORE = r"(?:[£$€]\s?|\b(?:gbp|eur|usd)\s?)"
_AFTER = r"(?:\s?[£$€](?!\s?[0-9])|\s?(?:pounds?|quid|gbp|euros?|eur|dollars?|usd|bucks)\b)"


def _amount(name: str) -> str:
    return (
        rf"(?P<{name}_before>{_BEFORE})?(?P<{name}>{_NUMBER})(?P<{name}_k>k)?"
        rf"(?![^\W_]|[.,]?[0-9])(?P<{name}_after>{_AFTER})?"
    )


# In each pattern a group `exact` is a phrase that makes any number a price, `loose` one that needs a currency
# or a telling place in the words, `marked` one that needs a currency.
_LEAD = r"(?:\b(?:for|priced?|prices|cost|costs|costing):?\s+)?"
_OPENING = r"(?:\s+of)?\s*[:=]?\s*"
_MORE_LESS = r"(?:no|not)\s+{}\s+than"
_MAXIMUM = re.compile(
    rf"(?:{_LEAD}\b(?:(?P<exact>under|below|(?:less|lower|cheaper)\s+than|{_MORE_LESS.format('more')}|at\s+most|"
    r"up\s?to|(?:max(?:imum)?|top)\s+price|price\s+(?:max(?:imum)?|limit))"
    r"|(?P<loose>max(?:imum)?\b\.?|budget)|(?P<marked>within))|(?P<sign>(?<![-=<>])[<≤]=?))"
    rf"{_OPENING}{_amount('high')}",
    re.IGNORECASE,
)
_MINIMUM = re.compile(
    rf"(?:{_LEAD}\b(?:(?P<exact>over|above|(?:more|greater|higher)\s+than|{_MORE_LESS.format('less')}|at\s+least|"
    r"upwards\s+of|starting\s+at|min(?:imum)?\s+price|price\s+min(?:imum)?)"
    r"|(?P<loose>min(?:imum)?\b\.?)|(?P<marked>(?:starting\s+)?from))|(?P<sign>(?<![-=<>])[>≥]=?))"
    rf"{_OPENING}{_amount('low')}",
    re.IGNORECASE,
)
_RANGE = re.compile(
    rf"{_LEAD}(?:\b(?:(?P<exact>between)|(?P<marked>from)))?\s*(?<![\w.,/]){_amount('low')}"
    rf"\s*(?:[-–—~]|\bto\b|(?(exact)\band\b|\buntil\b))\s*{_amount('high')}",
    re.IGNORECASE,
)
_AT_MOST_AFTER = re.compile(
    rf"(?<![\w.,/]){_amount('high')}\s*"
    r"(?:(?P<exact>or\s+(?:less|under|below|cheaper|lower))|(?P<marked>and\s+(?:under|below))"
    r"|(?P<loose>max(?:imum)?|tops))\b",
    re.IGNORECASE,
)
_AT_LEAST_AFTER = re.compile(
    rf"(?<![\w.,/]){_amount('low')}\s*(?:(?P<exact>or\s+(?:more|above|higher)\b)"
    r"|(?P<marked>\+|(?:(?:and|or)\s+(?:over|above|up)|plus|min(?:imum)?)\b))",
    re.IGNORECASE,
)
_PATTERNS = (_RANGE, _MAXIMUM, _MINIMUM, _AT_MOST_AFTER, _AT_LEAST_AFTER)

_UNITS = re.compile(
    r"\s*[%\"″′”’'°/×+*]|[\s-]?(?:[cmk]?m|mms?|cms?|kms?|met(?:re|er)s?|inch(?:es)?|in(?=\s*$)|ft|feet|foot|yards?|"
    r"yds?|miles?|mi|kgs?|kilos?|g|grams?|lbs?|stones?|oz|tonnes?|lit(?:re|er)s?|l|ml|cl|pints?|gallons?|"
    r"[kmgt]b|[kmg]?hz|db|mbps|mbit|mah?|k?w|k?wh|k?watts?|k?va?|volts?|amps?|ah|bhp|hp|cc|mph|kmh|kph|mpg|rpm|mp|"
    r"megapixels?|years?|yrs?|yo|months?|mths?|weeks?|wks?|days?|hours?|hrs?|min(?:ute)?s?|sec(?:ond)?s?|"
    r"people|persons?|adults?|kids|children|players?|seats?|seaters?|doors?|beds?|bedrooms?|rooms?|berths?|"
    r"pieces?|pcs|packs?|items?|pages?|gears?|speeds?|strings?|tog|carats?|ct|sqm|sq|acres?|degrees?|gsm|"
    r"owners?|gb|x|out)(?![^\W_])",
    re.IGNORECASE,
)
_MEASURE_BEFORE = re.compile(
    r"\b(?:ages?|aged|sizes?|uk|eu|us|years?|yrs?|mileage|miles|height|width|depth|length|weight|weighs|levels?|"
    r"models?|no|number|chapters?|volumes?|kids|child|children|child's|children's|baby|babies|toddlers?|people|"
    r"adults?|boys?|girls?|teens?|size:|age:)\s*$",
    re.IGNORECASE,
)
_NAME_BEFORE = re.compile(r"\b(?:air|pro|mad|plus|iphone|vapor|pepsi|galaxy)\s*$", re.IGNORECASE)
_TELLING_END = re.compile(r"\s*(?:$|[,;.)])|\s+(?:in|near|around|over|above|from|at|or|and)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PricePhrase:
    """Where a price limit stands in the words, and its limits in major units."""

    start: int
    end: int
    price_min: float | None
    price_max: float | None


def first_price_phrase(words: str) -> PricePhrase | None:
    """A price limit in `words`: ranges are looked for first, each kind from the left."""
    if not any("0" <= character <= "9" for character in words):
        return None
    return next(_price_phrases(words), None)


def _price_phrases(words: str) -> Iterator[PricePhrase]:
    for pattern in _PATTERNS:
        for match in pattern.finditer(words):
            if _is_price(match, words):
                low, high = _limits(match.groupdict())
                yield PricePhrase(match.start(), match.end(), low, high)


def _is_price(match: re.Match[str], words: str) -> bool:
    groups = match.groupdict()
    names = [name for name in ("low", "high") if groups.get(name)]
    if any(groups[f"{name}_before"] or groups[f"{name}_after"] for name in names):
        return True
    if not (groups["exact"] or groups.get("sign") or groups.get("loose")):
        return False
    if _UNITS.match(words, match.end()) or _MEASURE_BEFORE.search(
        words, max(0, match.start() - 20), match.start()
    ):
        return False
    if groups.get("loose"):
        return _stands_alone(match, words)
    return match.re is not _RANGE or not all(_may_be_year(groups[name]) for name in names)


def _stands_alone(match: re.Match[str], words: str) -> bool:
    """Whether a bare number beside 'max' or 'budget' is a limit, not part of a name ('air max 90')."""
    before = words[max(0, match.start() - 20) : match.start()]
    number_first = match.start("loose") > match.start("high") if "high" in match.groupdict() else False
    if number_first and float(match["high"].replace(",", "")) < _LONE_SMALLEST:
        return False
    return bool(_TELLING_END.match(words, match.end())) and not _NAME_BEFORE.search(before)


def _may_be_year(number: str) -> bool:
    return number.isdecimal() and int(number) in _YEARS


def _limits(groups: dict[str, str | None]) -> tuple[float | None, float | None]:
    low, high = _value(groups, "low"), _value(groups, "high")
    if low is None or high is None:
        return low, high
    thousands_of_both = groups["high_k"] and not groups["low_k"] and low < high / 1000  # '£1-2k'
    low = low * 1000 if thousands_of_both else low
    return min(low, high), max(low, high)


def _value(groups: dict[str, str | None], name: str) -> float | None:
    number = groups.get(name)
    if number is None:
        return None
    return float(number.replace(",", "")) * (1000 if groups[f"{name}_k"] else 1)
