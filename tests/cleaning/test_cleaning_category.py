"""Category paths and their labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.cleaning.category import SELLER_LEVELS, CategoryLabels, parse_category
from bowerbird.errors import InputError, NotFoundError

PATHS = st.lists(st.lists(st.sampled_from(["A", "B & C", "Other", "é"]), max_size=3).map(tuple), max_size=12)


def test_a_path_is_split_and_its_names_kept():
    raw = "Home & Garden / Dining, Living Room Furniture /  Sofas,  Armchairs & Suites / Private"
    path = ("Home & Garden", "Dining, Living Room Furniture", "Sofas, Armchairs & Suites")
    assert parse_category(raw) == (*path, "Private")
    assert parse_category(raw, drop_last=SELLER_LEVELS) == path


def test_a_seller_level_is_dropped_only_below_two_others():
    assert parse_category("Services / Business", drop_last=SELLER_LEVELS) == ("Services", "Business")
    assert parse_category("Private", drop_last=SELLER_LEVELS) == ("Private",)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (None, ()), ("", ()), (" / ", ()), (["Toys", None, " Lego "], ("Toys", "Lego")),
        ("AC/DC / CDs", ("AC/DC", "CDs")), ("Toys>Lego", ("Toys>Lego",)),
    ],
)  # fmt: skip
def test_other_forms(raw, path):
    assert parse_category(raw) == path


def test_another_separator():
    assert parse_category("Toys > Lego", ">") == ("Toys", "Lego")


def test_leaves_of_one_name_under_two_roots_have_two_labels():
    labels = CategoryLabels.of([("Toys", "Other"), ("Tools", "Other"), ("Toys",), ()])
    assert labels.roots == ("Tools", "Toys")
    assert labels.encode_leaves([("Tools", "Other"), ("Toys", "Other"), ("Toys",)]) == [0, 2, 1]
    assert labels.encode_roots([("Toys", "Other"), ("Tools", "New")]) == [1, 0]
    assert labels.encode_leaves([("Tools", "New"), ()]) == [-1, -1]
    with pytest.raises(InputError, match="no leaf category 3; labels run from 0 to 2"):
        labels.decode_leaf(3)


@given(PATHS)
def test_labels_are_decoded_and_stored_alike(tmp_path_factory, paths):
    labels = CategoryLabels.of(paths)
    real = [path for path in paths if path]
    assert [labels.decode_leaf(label) for label in labels.encode_leaves(real)] == real
    assert [labels.decode_root(label) for label in labels.encode_roots(real)] == [path[0] for path in real]
    path = tmp_path_factory.mktemp("labels") / "labels.json"
    labels.save(path)
    assert CategoryLabels.load(path) == labels


def test_labels_that_are_not_there_or_not_labels(tmp_path):
    with pytest.raises(NotFoundError, match="no category labels at"):
        CategoryLabels.load(tmp_path / "labels.json")
    (tmp_path / "labels.json").write_text("[1]")
    with pytest.raises(InputError, match="holds no category labels"):
        CategoryLabels.load(tmp_path / "labels.json")
