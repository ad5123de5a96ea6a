"""A price as people write it -> an amount and its currency, nothing, or the reason why it cannot be used."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from bowerbird.cleaning.rejection import Reason
from bowerbird.errors import InputError
from bowerbird.market.listing import Price

HIGHEST_MAJOR = 1_000_000  # more is a joke on every market of things that we have seen
FREE = frozenset({"free", "gratis", "kostenlos", "gratuit", "for free", "zu verschenken"})
_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD
MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY
TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL
"""
ISO_4217 = frozenset(_CODES.split())
# A sign that several currencies share stands for the default currency where that is one of them.
_SIGNS: dict[str, tuple[str, ...]] = {
    "£": ("GBP", "EGP", "FKP", "GIP", "SHP"), "€": ("EUR",), "US$": ("USD",), "A$": ("AUD",), "C$": ("CAD",),
    "CA$": ("CAD",), "AU$": ("AUD",), "NZ$": ("NZD",), "HK$": ("HKD",), "S$": ("SGD",), "R$": ("BRL",),
    "$": ("USD", "AUD", "CAD", "NZD", "HKD", "SGD", "MXN", "ARS", "CLP", "COP"), "¥": ("JPY", "CNY"),
    "₹": ("INR",), "RS": ("INR", "PKR", "LKR"), "ZŁ": ("PLN",), "₺": ("TRY",), "₽": ("RUB",), "₴": ("UAH",),
    "₩": ("KRW",), "₪": ("ILS",), "₫": ("VND",), "₦": ("NGN",), "KČ": ("CZK",), "FT": ("HUF",),
    "FR": ("CHF",), "EURO": ("EUR",), "EUROS": ("EUR",), "POUND": ("GBP",), "POUNDS": ("GBP",),
    "QUID": ("GBP",), "DOLLAR": ("USD", "AUD", "CAD", "NZD"), "DOLLARS": ("USD", "AUD", "CAD", "NZD"),
}  # fmt: skip
_KRONE = ("SEK", "NOK", "DKK", "ISK")  # 'kr' is shared alike, so that without a default it says nothing
_ASIDES = frozenset({"ono", "obo", "onco", "each", "vb", "fixed"})
_PRICE = re.compile(
    r"(?P<minus>-|−)?\s*(?P<before>[^\d\s.,+−-]{1,3}?\.?)?\s*(?P<inner_minus>-|−)?\s*"
    r"(?P<number>\d[\d.,'’ ]*)(?:,-|,–|/-)?\s*(?P<thousand>k\b)?\s*(?P<after>[^\d\s.,;:!+−-]{1,8}\.?)?"
    r"\s*(?:ono|o\.n\.o\.?|obo|o\.b\.o\.?|onco|or near(?:est)? offer|each|vb|fixed)?\s*[.!]*",
    re.IGNORECASE,
)


def parse_price(
    raw: object,
    default_currency: str | None = None,
    *,
    unit: str = "major",
    highest_major: int = HIGHEST_MAJOR,
) -> Price | Reason | None:
    """The price that `raw` says; None where it says nothing; a reason where it cannot be used.

    Both conventions are read: '£1,234.00' and '1.234,00 €'. One separator followed by exactly three digits
    parts thousands, except after a lone 0.

    Args:
        raw: text or a number.
        default_currency: ISO 4217 code where `raw` has no sign; also decides what a shared sign ('$') means.
        unit: what a number without a sign counts: 'major' (pounds) or 'minor' (pence).
        highest_major: above this a price is a joke and is rejected.

    Raises:
        InputError: `unit` is neither, or `default_currency` is no ISO 4217 code.
    """
    if unit not in ("major", "minor"):
        raise InputError(f"a price unit is 'major' or 'minor', but {unit!r} was given")
    if default_currency is not None and default_currency not in ISO_4217:
        raise InputError(f"{default_currency!r} is no currency; give an ISO 4217 code such as GBP or EUR")
    currency: str | None = default_currency
    if isinstance(raw, str):
        text = " ".join(raw.split())
        if not text:
            return None
        if text.casefold() in FREE:
            amount = Decimal(0)
        else:
            found = _read(text, default_currency)
            if isinstance(found, Reason):
                return found
            amount, currency, signed = found
            unit = "major" if signed else unit
    else:
        number = _number(raw)
        if not isinstance(number, Decimal):
            return number
        amount = number
    return _price(amount / 100 if unit == "minor" else amount, currency, highest_major)


def _number(raw: object) -> Decimal | Reason | None:
    if raw is None:
        return None
    if isinstance(raw, bool | date | bytes | list | dict):
        return Reason.PRICE_UNREADABLE
    try:
        amount = Decimal(str(raw))
    except InvalidOperation:
        return Reason.PRICE_UNREADABLE
    if amount.is_nan():  # how tables spell a missing number
        return None
    return amount if amount.is_finite() else Reason.PRICE_ABSURD


def _price(amount: Decimal, currency: str | None, highest_major: int) -> Price | Reason:
    if amount < 0:
        return Reason.PRICE_NEGATIVE
    if amount > highest_major:
        return Reason.PRICE_ABSURD
    if currency is None:
        return Reason.PRICE_NO_CURRENCY
    return Price(int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP)), currency)


def _read(text: str, default_currency: str | None) -> tuple[Decimal, str | None, bool] | Reason:
    """The amount, its currency, and whether the text itself named that currency."""
    match = _PRICE.fullmatch(text)
    if match is None:
        return Reason.PRICE_UNREADABLE
    digits = _plain_digits(match["number"].strip(" .,'’"))
    if digits is None:
        return Reason.PRICE_UNREADABLE
    amount = Decimal(digits) * (1000 if match["thousand"] else 1)
    if match["minus"] or match["inner_minus"]:
        amount = -amount
    named: list[str | None] = []
    for sign in (match["before"], match["after"]):
        if sign:
            if sign.casefold().rstrip(".") in _ASIDES:
                continue
            currency = _currency(sign, default_currency)
            if isinstance(currency, Reason):
                return currency
            named.append(currency)
    if not named:
        return amount, default_currency, False
    # '$1,234 CAD' names both; the code is the plainer word, and it follows.
    return amount, named[-1], True


def _currency(sign: str, default_currency: str | None) -> str | Reason:
    sign = sign.upper().rstrip(".")
    if sign in ISO_4217:
        return sign
    if sign == "KR":
        return default_currency if default_currency in _KRONE else Reason.PRICE_NO_CURRENCY
    currencies = _SIGNS.get(sign)
    if currencies is None:
        return Reason.PRICE_UNREADABLE
    return default_currency if default_currency in currencies else currencies[0]


def _plain_digits(number: str) -> str | None:
    """'1.234,50' -> '1234.50'; None where the separators make no number."""
    number = re.sub("['’ ](?=\\d{3}(?!\\d))", "", number)
    if not re.fullmatch(r"\d[\d.,]*", number):
        return None
    points = [character for character in number if character in ".,"]
    if not points:
        return number
    last = points[-1]
    whole, _, fraction = number.rpartition(last)
    if len(set(points)) == 2:
        if points.count(last) > 1 or not _grouped(whole, points[0]):
            return None
        return f"{whole.replace(points[0], '')}.{fraction}"
    if len(points) > 1 or (len(fraction) == 3 and whole != "0" and len(whole) <= 3):
        return number.replace(last, "") if _grouped(number, last) else None
    return f"{whole}.{fraction}"


def _grouped(digits: str, separator: str) -> bool:
    """Whether thousands are parted rightly; India's groups of two (12,34,567) count."""
    return (
        re.fullmatch(rf"\d{{1,3}}(?:{re.escape(separator)}\d{{2,3}})*{re.escape(separator)}\d{{3}}", digits)
        is not None
    )
