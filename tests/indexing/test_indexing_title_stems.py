"""The stems of titles equal those of the analyser, come back from disk, or are read anew."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.indexing.text_analysis import STEMMED, analysers, listing_text
from bowerbird.indexing.title_stems import TitleStems

TITLES = st.lists(
    st.sampled_from(["red sofas", "Red Sofa, red lamp", "", "55 inch TV", "¿", "running shoes"])
)


def appended(titles: list[str]) -> TitleStems:
    stems = TitleStems()
    for title in titles:
        stems.append(title)
    return stems


def shared(stems: TitleStems, words: str, row: int) -> int:
    return len(np.intersect1d(stems.asked(words), stems.of(np.array([row]))[0]))


@given(TITLES)
def test_a_row_has_each_stem_of_its_title_once(titles: list[str]):
    stems = appended(titles)
    analyser = analysers()[STEMMED]
    expected = [len(set(analyser.analyze(listing_text(title)))) for title in titles]
    found, lengths = stems.of(np.arange(len(titles)))
    assert lengths.tolist() == expected
    assert len(found) == sum(expected)


def test_a_question_shares_stems_with_titles():
    stems = appended(["red sofas", "blue lamp"])
    assert shared(stems, "sofa red", 0) == 2
    assert shared(stems, "sofa red", 1) == 0


@given(TITLES)
def test_they_come_back_from_disk_or_from_the_titles_and_grow_on(tmp_path_factory, titles: list[str]):
    folder: Path = tmp_path_factory.mktemp("titles")
    ids = [str(row) for row in range(len(titles))]
    kept = appended(titles)
    read = TitleStems.load(folder, ids, lambda asked: dict(zip(asked, titles, strict=True)))
    kept.save(folder)
    rows = np.arange(len(titles) + 1)
    kept.append("oak table")
    for other in (read, TitleStems.load(folder, ids, lambda _: {})):
        other.append("oak table")
        for expected, found in zip(kept.of(rows), other.of(rows), strict=True):
            assert found.tolist() == expected.tolist()


def test_a_listing_that_is_gone_has_no_stems(tmp_path: Path):
    stems = TitleStems.load(tmp_path, ["gone", "here"], lambda _: {"here": "red sofa"})
    assert stems.of(np.array([0, 1]))[1].tolist() == [0, 2]
