"""Judgements files: what is read, and what is refused with its line."""

import pytest

from bowerbird.errors import InputError, NotFoundError
from bowerbird.evaluation.judgements import answerable, read_judgements


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "judgements.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_grades_are_read_by_query_in_file_order(tmp_path):
    path = write(tmp_path, 'query,id,grade\nsofa,1,3\n"red, sofa",2,0\nsofa,4,1\n')
    judgements = read_judgements(path)
    assert judgements == {"sofa": {"1": 3, "4": 1}, "red, sofa": {"2": 0}}
    assert list(judgements) == ["sofa", "red, sofa"]


def test_other_columns_a_byte_order_mark_and_a_repeated_row_do_no_harm(tmp_path):
    path = write(tmp_path, "grade,query,id,who\n2,sofa,1,ann\n2,sofa,1,ben\n", "utf-8-sig")
    assert read_judgements(path) == {"sofa": {"1": 2}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("query,id\nsofa,1\n", "has no column grade: its header is query,id"),
        ("", "its header is empty"),
        ("query,id,grade\n", "holds no judgements"),
        ("query,id,grade\nsofa,1,good\n", "line 2: the grade 'good' is not an integer"),
        ("query,id,grade\nsofa,1,-1\n", "the grade '-1' is not an integer of 0 or more"),
        ("query,id,grade\nsofa,1\n", "the grade '' is not an integer"),
        ("query,id,grade\n ,1,1\n", "line 2: the query or the id is empty"),
        ("query,id,grade\nsofa,1,1\nsofa,1,2\n", "id 1 of query 'sofa' is graded 2 here and 1 above"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_judgements(write(tmp_path, text))


def test_a_query_without_anything_relevant_is_not_answerable():
    assert answerable({"sofa": {"1": 0, "2": 1}, "iphone": {"3": 0}}) == {"sofa": {"1": 0, "2": 1}}


def test_a_missing_file_and_another_encoding_are_said(tmp_path):
    with pytest.raises(NotFoundError, match="there is no judgements file"):
        read_judgements(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        read_judgements(write(tmp_path, "query,id,grade\ncafé,1,1\n", "latin-1"))


@pytest.mark.real
def test_the_electronics_judgements_hold_77_queries(shared_data):
    judgements = read_judgements(shared_data / "electronics" / "judgements.csv")
    assert len(judgements) == 77
    assert len(answerable(judgements)) == 63
    assert {grade for grades in judgements.values() for grade in grades.values()} == {0, 1, 2, 3}
