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
        "Unwanted gift.",
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
_LOGISTICS = (
    "Collection only from {town}.",
    "Pick up from {town}, cash on collection please.",
    "Can deliver within 5 miles of {town} for petrol.",
    "Collection {town} or can post at buyer's cost.",
    "Buyer to collect.",
    "Happy to help load it into the car.",
    "Available evenings and weekends.",
)
_CLOSINGS = (
    "First to see will buy.",
    "Sensible offers welcome.",
    "No offers please, priced to sell.",
    "Message me for more photos.",
    "Any questions just ask.",
    "Thanks for looking!",
    "Check out my other items.",
    "From a pet free and smoke free home.",
    "No time wasters please!!",
    "Grab a bargain ✨",
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
_PLURAL = {
    "Selling this": "Selling these",
    "Here is our": "Here are our",
    "I have a": "I have some",
    "is this": "are these",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of the thing, and where it is sold."""

    kind: Kind
    shade: Shade
    material: str
    condition: str
    brand: str | None
    town: str

    @property
    def is_wooden(self) -> bool:
        """Whether the material itself gives the colour: nobody writes 'brown oak table'."""
        return self.material in WOODS

    def tells_colour(self, text: str) -> bool:
        """Whether `text` says what colour it is."""
        low = text.casefold()
        return self.shade.name in low or self.shade.term in low or (self.is_wooden and self.material in low)


@dataclass(frozen=True, slots=True)
class Words:
    """What a listing says."""

    title: str
    description: str


def write(facts: Facts, rng: np.random.Generator) -> Words:
    """The words for one listing."""
    noun = _any(facts.kind.nouns, rng)
    title = _title(facts, noun, rng)
    sentences = _sentences(facts, noun, facts.tells_colour(title), rng)
    description = ("\n" if rng.random() < 0.15 else " ").join(dict.fromkeys(sentences))
    return Words(_slip(title, facts, rng), description)


def _title(facts: Facts, noun: str, rng: np.random.Generator) -> str:
    colour = facts.shade.name if rng.random() < 0.72 else facts.shade.term
    colour = "" if facts.is_wooden else colour
    material = facts.material if rng.random() < 0.55 or facts.is_wooden else ""
    brand, pattern = facts.brand or "", rng.random()
    if pattern < 0.13:
        parts = [_any(_PRAISE, rng), material, noun]
    elif pattern < 0.55:
        parts = [brand, _any(_AGE, rng) if rng.random() < 0.2 else "", colour, material, noun]
    elif pattern < 0.68:
        parts = [_any(_PRAISE, rng), colour, material, noun]
    elif pattern < 0.82:
        parts = [brand, material, noun + ("," if colour else ""), colour]
    elif pattern < 0.92:
        parts = [brand, noun, f"in {colour} {material}".rstrip() if colour else f"in {material}"]
    else:
        parts = [brand, noun]
    title = " ".join(part for part in parts if part)
    title = title[0].upper() + title[1:]
    if facts.kind.sizes and rng.random() < 0.2:
        title += f" {_any(facts.kind.sizes, rng)}"
    return title + (_any(_TAILS, rng) if rng.random() < 0.24 else "")


def _sentences(facts: Facts, noun: str, told: bool, rng: np.random.Generator) -> list[str]:
    colour = facts.shade.name if rng.random() < 0.6 else facts.shade.term
    thing = " ".join(part for part in ("" if facts.is_wooden else colour, facts.material, noun) if part)
    if told and rng.random() < 0.35:
        thing = noun
    sentences = [_opening(thing, facts.kind, rng)]
    if facts.brand and rng.random() < 0.5:
        sentences.append(f"Made by {facts.brand}.")
    features = facts.kind.features
    chosen = rng.choice(len(features), int(rng.integers(1, min(3, len(features)) + 1)), replace=False)
    listed = ", ".join(features[int(i)] for i in chosen)
    sentences.append(listed[0].upper() + listed[1:] + ".")
    if max(facts.kind.size) > 0.55 and facts.kind.category[0] == "Home & Garden" and rng.random() < 0.3:
        sentences.append(_measures(facts.kind, rng))
    sentences.append(_any(_STATE[facts.condition], rng))
    for lines, share in ((_REASONS, 0.5), (_LOGISTICS, 0.55), (_CLOSINGS, 0.4)):
        if rng.random() < share:
            sentences.append(_any(lines, rng).format(town=facts.town))
    return sentences


def _opening(thing: str, kind: Kind, rng: np.random.Generator) -> str:
    template = _any(_OPENINGS, rng)
    if kind.plural:
        for one, many in _PLURAL.items():
            template = template.replace(one, many)
    if thing[0] in "aeiou":
        template = template.replace(" a {thing}", " an {thing}")
    return template.format(thing=thing, thing_capital=thing[0].upper() + thing[1:])


def _measures(kind: Kind, rng: np.random.Generator) -> str:
    width, height, depth = (round(100 * side * rng.uniform(0.95, 1.03)) for side in kind.size)
    if rng.random() < 0.5:
        return f"Approx {width}cm wide, {height}cm tall and {depth}cm deep."
    return f"Measures W{width} x D{depth} x H{height}cm."


def _slip(title: str, facts: Facts, rng: np.random.Generator) -> str:
    """Shouting, lower case, or two letters swapped in any word but the colour, for some."""
    draw = rng.random()
    if draw < 0.06:
        return title.upper()
    if draw < 0.14:
        return title.casefold()
    words = title.split()
    kept = {*facts.shade.name.split(), facts.shade.term, facts.material}
    plain = tuple(
        i for i, word in enumerate(words) if len(word) > 4 and word.isalpha() and word.casefold() not in kept
    )
    if draw < 0.17 and plain:
        i = _any(plain, rng)
        at = int(rng.integers(1, len(words[i]) - 2))
        word = words[i]
        words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def _any(choices: tuple[Choice, ...], rng: np.random.Generator) -> Choice:
    return choices[int(rng.integers(len(choices)))]
