"""Titles and descriptions as sellers write them, from what is true of the thing.

The colour is always told, in the title or in the description; some titles shout, some have a slip of the
finger, some leave out everything but the noun.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from bowerbird.demo.kinds.kind import Kind
from bowerbird.demo.palette import WOODS, Shade

Choice = TypeVar("Choice")
CONDITIONS = ("new", "like new", "good", "used", "worn")
_PRAISE = (
    "Lovely",
    "Gorgeous",
    "Beautiful",
    "Nice",
    "Stunning",
    "Smart",
    "Great",
    "Cute",
    "Handsome",
    "Much-loved",
)
_AGE = ("vintage", "retro", "modern", "classic", "mid-century", "small", "large")
_TAILS = (
    " - collection only",
    " - must go this week",
    ", hardly used",
    " - can deliver locally",
    " in great condition",
    " **REDUCED**",
    " - no time wasters",
    ", moving house",
    " (smoke free home)",
    " ONO",
    " - bargain",
)
_STATE = {
    "new": (
        "Brand new, never used.",
        "Unwanted gift, still boxed.",
        "New with tags.",
        "Bought in error and never used.",
    ),
    "like new": (
        "Like new.",
        "Used twice at most.",
        "As good as the day I got it.",
        "Immaculate, barely touched.",
    ),
    "good": (
        "Good condition.",
        "In good nick with only light signs of use.",
        "Well looked after.",
        "Good used condition.",
    ),
    "used": (
        "Used condition with a few marks, see photos.",
        "Some scuffs from normal use.",
        "Used but plenty of life left.",
    ),
    "worn": (
        "Well worn, priced to reflect that.",
        "A bit tatty, would suit someone handy.",
        "Needs some TLC.",
        "Worn but works fine.",
    ),
}
_REASONS = (
    "Only selling as we are moving.",
    "Having a clear out.",
    "Downsizing so it has to go.",
    "Bought a different one.",
    "Not getting enough use.",
    "Selling for my mum.",
    "Making space for the baby.",
    "Selling on behalf of a friend.",
    "House clearance.",
    "It no longer fits our new flat.",
)
_ENDINGS = (
    "Collection only from {town}.",
    "Pick up from {town}, cash on collection please.",
    "Can deliver within 5 miles of {town} for petrol.",
    "Collection {town} or can post at buyer's cost.",
    "Buyer to collect.",
    "First to see will buy.",
    "Sensible offers welcome.",
    "No offers please, priced to sell.",
    "Happy to help load it into the car.",
    "Message me for more photos.",
    "Any questions just ask.",
    "Available evenings and weekends.",
    "Thanks for looking!",
    "Check out my other items.",
    "From a pet free and smoke free home.",
)
_OPENINGS = (
    "Selling my {thing}.",
    "For sale: {thing}.",
    "{thing_capital} for sale.",
    "Here is our {thing}.",
    "Selling this {thing}.",
    "I have a {thing} to sell.",
    "Up for grabs is this {thing}.",
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a listing says."""

    title: str
    description: str


def write(
    kind: Kind,
    shade: Shade,
    material: str,
    condition: str,
    brand: str | None,
    town: str,
    rng: np.random.Generator,
) -> Words:
    """The words for one listing."""
    noun = _any(kind.nouns, rng)
    colour = shade.name if rng.random() < 0.72 else shade.term
    if material in WOODS:
        colour = "" if rng.random() < 0.85 else "wooden"
    title = _title(noun, colour, material, brand, rng)
    told = _tells(title, shade, material)
    body = _description(kind, noun, shade, material, condition, brand, town, told, rng)
    return Words(_slip(title, shade, material, noun, rng), body)


def _title(noun: str, colour: str, material: str, brand: str | None, rng: np.random.Generator) -> str:
    pattern = rng.random()
    named = material if rng.random() < 0.55 or material in WOODS else ""
    brand = brand or ""
    if pattern < 0.13:
        parts = [_any(_PRAISE, rng), named, noun]
    elif pattern < 0.55:
        parts = [brand, _any(_AGE, rng) if rng.random() < 0.2 else "", colour, named, noun]
    elif pattern < 0.68:
        parts = [_any(_PRAISE, rng), colour, named, noun]
    elif pattern < 0.82:
        parts = [brand, named, noun + ("," if colour else ""), colour]
    elif pattern < 0.92:
        parts = [brand, noun, f"in {colour} {named}".rstrip() if colour else f"in {material}"]
    else:
        parts = [brand, noun]
    title = " ".join(part for part in parts if part)
    title = title[0].upper() + title[1:]
    return title + (_any(_TAILS, rng) if rng.random() < 0.24 else "")


def _tells(text: str, shade: Shade, material: str) -> bool:
    low = text.casefold()
    return shade.name in low or shade.term in low or (material in WOODS and material in low)


def _description(
    kind: Kind,
    noun: str,
    shade: Shade,
    material: str,
    condition: str,
    brand: str | None,
    town: str,
    told: bool,
    rng: np.random.Generator,
) -> str:
    colour = "" if material in WOODS else (shade.name if rng.random() < 0.6 else shade.term)
    thing = " ".join(part for part in (colour, material, noun) if part)
    if told and rng.random() < 0.35:
        thing = noun
    opening = _any(_OPENINGS, rng).format(thing=thing, thing_capital=thing[0].upper() + thing[1:])
    sentences = [_article(opening)]
    if brand and rng.random() < 0.5:
        sentences.append(f"Made by {brand}.")
    count = int(rng.integers(1, min(3, len(kind.features)) + 1))
    chosen = rng.choice(len(kind.features), count, replace=False)
    features = ", ".join(kind.features[int(i)] for i in chosen)
    sentences.append(features[0].upper() + features[1:] + ".")
    sentences.append(_any(_STATE[condition], rng))
    if rng.random() < 0.5:
        sentences.append(_any(_REASONS, rng))
    sentences += [_any(_ENDINGS, rng).format(town=town) for _ in range(int(rng.integers(0, 3)))]
    return ("\n" if rng.random() < 0.15 else " ").join(dict.fromkeys(sentences))


def _article(sentence: str) -> str:
    head, mark, rest = sentence.partition(" a ")
    return f"{head} an {rest}" if mark and rest[:1] in "aeiou" else sentence


def _slip(title: str, shade: Shade, material: str, noun: str, rng: np.random.Generator) -> str:
    """Shouting, lower case, or two letters swapped, for some."""
    draw = rng.random()
    if draw < 0.06:
        return title.upper()
    if draw < 0.14:
        return title.casefold()
    words = title.split()
    plain = [
        i
        for i, w in enumerate(words)
        if len(w) > 5 and w.isalpha() and w.casefold() not in _kept(shade, material, noun)
    ]
    if draw < 0.17 and plain:
        i = _any(tuple(plain), rng)
        at = int(rng.integers(1, len(words[i]) - 2))
        word = words[i]
        words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        return " ".join(words)
    return title


def _kept(shade: Shade, material: str, noun: str) -> set[str]:
    # The words that say what it is stay right: what a typo does to them is for tests of correction to choose.
    return {*shade.name.split(), shade.term, material, *noun.split()}


def _any(choices: tuple[Choice, ...], rng: np.random.Generator) -> Choice:
    return choices[int(rng.integers(len(choices)))]
