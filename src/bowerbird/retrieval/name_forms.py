"""One normal form for a name, however it is typed: 'Home & Garden' and 'home and  garden' are the same."""

import re

TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|&")
# Endings of plurals, longest first; 'movie' and 'battery' end alike, so that one rule undoes 'ies'.
_PLURALS = (
    ("sses", "ss"),
    ("shes", "sh"),
    ("ches", "ch"),
    ("xes", "x"),
    ("ies", "y"),
    ("ie", "y"),
    ("s", ""),
)


def normal_name(name: str) -> str:
    """The tokens of `name` in their normal form, with one space between them."""
    return " ".join(normal_token(match) for match in TOKEN.findall(name))


def normal_token(token: str) -> str:
    """Case and apostrophes do not matter, and '&' is 'and'."""
    if token == "&":  # noqa: S105  a token of text, not a secret
        return "and"
    return token.casefold().replace("'", "").replace("’", "")


def singular_name(name: str) -> str:
    """A normal form with each of its tokens made singular by spelling alone."""
    return " ".join(map(_singular, name.split(" ")))


def _singular(token: str) -> str:
    if len(token) < 4 or token.endswith("ss"):
        return token
    for ending, replacement in _PLURALS:
        if token.endswith(ending):
            return token.removesuffix(ending) + replacement
    return token
