"""Words that mean the same thing, from a file: 'sofa, couch, settee' or, one way only, 'phone => mobile'.

Terms are brought to the form in which they are indexed, so 'E-Bike' and 'e bike' are one. A word or phrase in
the singular stands for its plural as well, since queries are looked up as they are written.
"""

from importlib.resources import files
from itertools import permutations, product
from pathlib import Path

from bowerbird.errors import InputError, NotFoundError
from bowerbird.indexing.text_analysis import PLAIN, analysers, normalise

Synonyms = dict[str, tuple[str, ...]]
_ARROW = "=>"
_DEFAULT = "synonyms_en_gb.txt"


def default_synonyms() -> Synonyms:
    """The list that comes with bowerbird: British words for second-hand goods."""
    return parse_synonyms(files("bowerbird.retrieval").joinpath(_DEFAULT).read_text("utf-8"), _DEFAULT)


def read_synonyms(path: Path) -> Synonyms:
    """The synonyms of a UTF-8 file.

    Raises:
        NotFoundError: there is no such file.
        InputError: it is not text, or a line cannot be read.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise NotFoundError(
            f"there is no synonyms file {path}; correct the setting index.synonyms"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the synonyms file {path}: {error}; give a UTF-8 text file") from error
    return parse_synonyms(text, str(path))


def parse_synonyms(text: str, name: str) -> Synonyms:
    """What each word (or phrase) also stands for, without itself, in the order of the lines.

    Args:
        text: lines of 'a, b, c' (equivalent) or 'a, b => c, d' (one way); '#' begins a comment.
        name: what to call the text in messages.

    Raises:
        InputError: a line says nothing usable; the message has its number.
    """
    found: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if content:
            for term, other in _pairs(content, f"{name}, line {number} ('{content}')"):
                found.setdefault(term, []).append(other)
    synonyms = {term: tuple(dict.fromkeys(others)) for term, others in found.items()}
    plurals = {_plural(term): others for term, others in synonyms.items()}
    return {**plurals, **synonyms}


def _pairs(content: str, where: str) -> list[tuple[str, str]]:
    sides = content.split(_ARROW)
    if len(sides) > 2:
        raise InputError(f"{where} has more than one '{_ARROW}'; write one line for each")
    terms = [_terms(side, where) for side in sides]
    if len(terms) == 1 and len(set(terms[0])) < 2:
        raise InputError(f"{where} has one word only; write two or more with commas, or '{_ARROW}'")
    pairs = permutations(terms[0], 2) if len(terms) == 1 else product(*terms)
    return [(term, other) for term, other in pairs if term != other]


def _terms(side: str, where: str) -> list[str]:
    analyser = analysers()[PLAIN]
    terms = [" ".join(analyser.analyze(normalise(entry))) for entry in side.split(",")]
    if not all(terms):
        raise InputError(
            f"{where} has an empty entry; take away the comma, or write the word that is missing"
        )
    return terms


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return word if word.endswith("s") and not word.endswith("ss") else f"{word}es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"
