"""Numbers, sizes, prices and ages as a person reads them; the filters of the page templates."""

from datetime import datetime

from markupsafe import Markup, escape

from bowerbird.market.listing import Price

_DAY_SECONDS = 86_400


def count(number: float) -> str:
    """12,345."""
    return f"{round(number):,}"


def money(amount: float, currency: str) -> str:
    """£1,250."""
    return str(Price(round(100 * amount), currency))


def size(n_bytes: float | None) -> str:
    """1.4 GB (decimal units); a dash where unknown."""
    if n_bytes is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "B" or n_bytes >= 100 else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def milliseconds(duration_ms: float | None) -> str:
    """0.34 ms, 8.1 ms, 120 ms or 4.2 s; a dash where unknown."""
    if duration_ms is None:
        return "–"
    if duration_ms >= 1000:
        return f"{duration_ms / 1000:.1f} s"
    digits = 0 if duration_ms >= 100 else 1 if duration_ms >= 1 else 2
    return f"{duration_ms:.{digits}f} ms"


def moment(value: str | datetime) -> datetime:
    """The aware time of an ISO 8601 string, or `value` itself."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def age(value: str | datetime, now: datetime) -> str:
    """How long before `now` that was: 'today', '3 days ago', '5 weeks ago', else the date."""
    then = moment(value)
    days = int((now - then).total_seconds() // _DAY_SECONDS)
    if days < 0 or days >= 365:
        return f"{then.day} {then:%b %Y}"
    if days < 2:
        return ("today", "yesterday")[days]
    if days < 14:
        return f"{days} days ago"
    return f"{days // 7} weeks ago" if days < 60 else f"{days // 30} months ago"


def marked_up(message: str) -> Markup:
    """A message as a sentence, what stands in backquotes as code."""
    parts = [
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(f"{message[:1].upper()}{message[1:]}.".split("`"))
    ]
    return Markup("").join(parts)


def plural(number: int, singular: str, many: str | None = None) -> str:
    """'1 listing', '2 listings'."""
    return f"{count(number)} {singular if number == 1 else many or singular + 's'}"
