"""Titles and descriptions: emoji, markup and site furniture out; the seller's own words kept.

Both functions run to a fixed point, so that cleaning twice changes nothing.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache

import emoji

SITES = (
    "Gumtree", "eBay", "Facebook", "Facebook Marketplace", "Marketplace", "Craigslist", "Preloved", "Shpock",
    "Vinted", "Depop", "OLX", "Kijiji", "Leboncoin", "Kleinanzeigen", "OfferUp", "Mercari", "Poshmark",
)  # fmt: skip
TRADE_MARKS = "©®™"
_INNER_MARKS = "\u200d\u20e3\ufe0f"  # joiner, keycap and emoji style leave no gap

_MONTH = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
)
_DATE = rf"(?:\d{{1,2}}\.?\s+{_MONTH}\.?,?\s+\d{{4}}|{_MONTH}\.?\s+\d{{1,2}},?\s+\d{{4}})"
# Gumtree's own line about an advert, 'Posted by NAME in CATEGORY, CATEGORY in PLACE. DATE', gives the label
# away. It is dated (after a full stop or a bare gap), or it ends the text with ' in PLACE'.
_POSTED_DATED = re.compile(
    rf"\s*\bPosted by (?:[^\n]{{1,300}}?\.\s*|[^\n]{{1,60}}? in [^\n]{{1,250}}?\s+){_DATE}"
)
_POSTED_LAST = re.compile(
    r"\s*\bPosted by [^\n]{1,60}? in (?:[^\n]{1,200}? in )?[A-Z][\w.'’ -]{1,40}?\.?\s*\Z"
)
_SITE_AND_PLACE = re.compile(r"\s*\|\s*in\s[^|]*\|[^|]*\Z")
_SITE = re.compile(rf"\s*\|\s*(?:{'|'.join(map(re.escape, SITES))})(?:\.\w+)*\s*\Z", re.IGNORECASE)

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BREAK_TAG = re.compile(r"<br\s*/?>|</(?:p|div|li|h[1-6])\s*>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:p|div|span|b|i|u|strong|em|ul|ol|li|h[1-6]|font|a)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_NEWLINE = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u20e3"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")  # bullets of a word processor's symbol font
# Joiners belong inside words of Indic and Persian scripts; beside a gap or ASCII they are an emoji's remains.
_LOOSE_JOINER = re.compile("(?<![^\\s!-~])[\u200c\u200d]|[\u200c\u200d](?![^\\s!-~])")
_MANY_LINES = re.compile(r"\n{3,}")


def clean_title(raw: str) -> str:
    """The seller's title on one line, without ' | in PLACE | Site', a known site's name, or emoji."""
    return _until_stable(_clean_title_once, raw)


def clean_description(raw: str, *, category: Sequence[str] = (), place: str | None = None) -> str:
    """The seller's description, lines kept, without emoji and the site's line that names the category.

    Args:
        raw: the text as the source has it; bare carriage returns are line ends.
        category: the listing's own path, used to find leaks that lost their 'Posted by'.
        place: the listing's own place, likewise.
    """
    # The end of the site's line where its start was lost: 'Furniture, Lamps, Lights & Shades in Holloway.'
    leak = f"{category[-1]} in {place.split(',')[0].strip()}" if category and place else ""

    def once(text: str) -> str:
        text = _plain(text)
        if "Posted by " in text:
            text = _POSTED_LAST.sub("", _POSTED_DATED.sub(" ", text))
        if leak and leak in text:
            text = re.sub(rf"\s*[^.!?\n]*, {re.escape(leak)}\b(?:[.\s]*{_DATE}|\.)?", " ", text)
        lines = "\n".join(" ".join(line.split()) for line in text.split("\n"))
        return _MANY_LINES.sub("\n\n", lines).strip()

    return _until_stable(once, raw)


def _clean_title_once(text: str) -> str:
    text = " ".join(_plain(text).split())
    text = _SITE_AND_PLACE.sub("", text)
    return _SITE.sub("", text).strip()


def _plain(text: str) -> str:
    """`text` without entities, tags, emoji and what cannot be seen; every line end is a newline."""
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    if "<" in text:
        text = _TAG.sub("", _BREAK_TAG.sub("\n", text))
    text = _NEWLINE.sub("\n", text)
    if not text.isascii():
        text = _PRIVATE_USE.sub(" ", _emoji_characters().sub(" ", text))
        text = _LOOSE_JOINER.sub("", unicodedata.normalize("NFC", text))
    return _INVISIBLE.sub("", text)


def _until_stable(clean: Callable[[str], str], text: str) -> str:
    while (cleaned := clean(text)) != text:
        text = cleaned
    return text


@cache
def _emoji_characters() -> re.Pattern[str]:
    """Every non-ASCII character of every emoji: taking these out one by one takes out each whole sequence.

    ASCII stays, so that a keycap leaves its digit; trade marks stay, being words of a title.
    """
    characters = {ord(character) for sequence in emoji.EMOJI_DATA for character in sequence}
    kept = {code for code in characters if code < 128} | {ord(mark) for mark in TRADE_MARKS + _INNER_MARKS}
    wanted = sorted(characters - kept)
    # Two sets, since re looks up the first plane in a bitmap but a mixed set one range after the other.
    first, others = ([code for code in wanted if (code > 0xFFFF) == high] for high in (False, True))
    return re.compile(f"[{_ranges(first)}]+|[{_ranges(others)}]+")


def _ranges(codes: Sequence[int]) -> str:
    """The inside of a character set of sorted `codes`, neighbours joined."""
    starts = [code for at, code in enumerate(codes) if at == 0 or codes[at - 1] != code - 1]
    ends = [code for at, code in enumerate(codes) if at == len(codes) - 1 or codes[at + 1] != code + 1]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))
