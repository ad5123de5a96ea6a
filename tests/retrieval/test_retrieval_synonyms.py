"""Synonyms files: what each word stands for, and what is said about a line that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError, NotFoundError
from bowerbird.indexing.keyword_settings import KeywordSettings
from bowerbird.retrieval.synonyms import default_synonyms, parse_synonyms, read_synonyms


def test_words_of_one_line_stand_for_each_other():
    synonyms = parse_synonyms("# seats\nSofa, couch , SETTEE  # three\n\n", "a file")
    assert synonyms["sofa"] == ("couch", "settee")
    assert synonyms["settee"] == ("sofa", "couch")


def test_an_arrow_works_one_way():
    synonyms = parse_synonyms("phone, mobile => iphone, smart phone", "a file")
    assert synonyms["phone"] == synonyms["mobile"] == ("iphone", "smart phone")
    assert "iphone" not in synonyms


def test_lines_add_up_without_repeats_and_nothing_stands_for_itself():
    synonyms = parse_synonyms("a, b\na, b, c\nb => b, d", "a file")
    assert synonyms["a"] == ("b", "c")
    assert synonyms["b"] == ("a", "c", "d")


def test_terms_are_in_the_form_that_is_indexed():
    synonyms = parse_synonyms("E-Bike, Pédélec, rider's 16 GB", "a file")
    assert synonyms["pedelec"] == ("e bike", "rider 16gb")


@pytest.mark.parametrize(
    ("word", "plural"),
    [
        ("sofa", "sofas"),
        ("torch", "torches"),
        ("nappy", "nappies"),
        ("buggy", "buggies"),
        ("vacuum cleaner", "vacuum cleaners"),
    ],
)
def test_a_plural_stands_for_what_its_singular_does(word, plural):
    synonyms = default_synonyms()
    assert synonyms[plural] == synonyms[word]


def test_a_plural_that_has_its_own_line_keeps_it():
    assert parse_synonyms("glass, tumbler\nglasses, specs", "a file")["glasses"] == ("specs",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sofa, couch\nsofa", r"a file, line 2 \('sofa'\) has one word only"),
        ("sofa, SOFA", "line 1 .* has one word only"),
        ("a, , b", "line 1 .* has an empty entry"),
        ("a =>", "line 1 .* has an empty entry"),
        ("=> a", "line 1 .* has an empty entry"),
        ("\n\na => b => c", "line 3 .* more than one '=>'"),
        ("sofa, !!!", "line 1 .* has an empty entry"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text, message):
    with pytest.raises(InputError, match=message):
        parse_synonyms(text, "a file")


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path):
    for encoding in ("utf-8", "utf-8-sig"):
        path = tmp_path / encoding
        path.write_text("sofa, canapé", encoding)
        assert read_synonyms(path)["sofa"] == ("canape",)


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path):
    with pytest.raises(NotFoundError, match=r"nowhere\.txt"):
        read_synonyms(tmp_path / "nowhere.txt")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00,")
    with pytest.raises(InputError, match="UTF-8"):
        read_synonyms(tmp_path / "binary")


def test_the_default_list_knows_british_second_hand_words_and_suits_the_keyword_index():
    synonyms = default_synonyms()
    for asked, found in {
        "telly": "television",
        "bike": "bicycle",
        "pram": "pushchair",
        "trainers": "sneakers",
        "hoover": "vacuum",
        "phone": "smartphone",
        "fridge": "refrigerator",
        "wardrobe": "closet",
    }.items():
        assert found in synonyms[asked]
    assert KeywordSettings(synonyms=synonyms).synonyms["sofa"] == ("couch", "settee")


words = st.text("abcé -", min_size=1).filter(lambda word: any(letter in "abcé" for letter in word))


@given(st.lists(words, min_size=2, max_size=5))
def test_equivalence_is_mutual(group):
    try:
        synonyms = parse_synonyms(", ".join(group), "a file")
    except InputError:
        return  # all of them one word
    for term, others in synonyms.items():
        for other in others:
            assert term in synonyms[other] or term.removesuffix("s") in synonyms[other]
