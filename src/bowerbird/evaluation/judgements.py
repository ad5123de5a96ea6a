"""What people said is relevant (judgements) and what a system answered (a run), as plain dictionaries.

In: a CSV `query,id,grade` of integer grades, 0 for not relevant. Out: query -> {id: grade}. An id without a
grade is unjudged, which is not the same as 0: see `metrics.condensed`.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from bowerbird.errors import InputError, NotFoundError

Grades = Mapping[str, int]  # one query's: id -> grade
Judgements = Mapping[str, Grades]  # query -> grades
Run = Mapping[str, Sequence[str]]  # query -> ids, best first

_COLUMNS = ("query", "id", "grade")


def read_judgements(path: Path) -> Judgements:
    """The judgements in the CSV file `path`, queries in the order in which they first appear.

    Raises:
        NotFoundError: there is no such file.
        InputError: a column is missing, the file holds no rows or is not UTF-8, a grade is not an integer of
            0 or more, or one query grades one id twice and differently.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no judgements file {path}; give a CSV with the columns query,id,grade")
    judgements: dict[str, dict[str, int]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            _require_columns(path, reader.fieldnames)
            for row in reader:
                _add(judgements, row, f"{path}, line {reader.line_num}")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text ({error}); save it as UTF-8") from error
    if not judgements:
        raise InputError(f"{path} holds no judgements; each row is query,id,grade")
    return judgements


def answerable(judgements: Judgements) -> Judgements:
    """The queries with a relevant id (grade 1 or more): on the others every ranking scores 0."""
    return {query: grades for query, grades in judgements.items() if any(grades.values())}


def _require_columns(path: Path, found: Sequence[str] | None) -> None:
    missing = [name for name in _COLUMNS if name not in (found or ())]
    if missing:
        raise InputError(
            f"{path} has no column {', '.join(missing)}: its header is {','.join(found or ()) or 'empty'}; "
            "a judgements file is query,id,grade"
        )


def _add(judgements: dict[str, dict[str, int]], row: Mapping[str, str | None], where: str) -> None:
    query, listing_id = (row["query"] or "").strip(), (row["id"] or "").strip()
    if not query or not listing_id:
        raise InputError(f"{where}: the query or the id is empty; fill it in or take the row out")
    grade = _grade(row["grade"] or "", where)
    grades = judgements.setdefault(query, {})
    if grades.setdefault(listing_id, grade) != grade:
        raise InputError(
            f"{where}: id {listing_id} of query {query!r} is graded {grade} here and {grades[listing_id]} "
            "above; keep one of the two"
        )


def _grade(text: str, where: str) -> int:
    try:
        grade = int(text)
    except ValueError:
        grade = -1
    if grade < 0:
        raise InputError(f"{where}: the grade {text!r} is not an integer of 0 or more; mend that row")
    return grade
