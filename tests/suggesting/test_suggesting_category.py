"""Suggesting a category from words, photos or both, sure or not, and never by other encoders' vectors."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
import safetensors.numpy

from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.errors import InputError, MismatchError
from bowerbird.market.listing import Listing
from bowerbird.storage.model_registry import publish_model, staged_model
from bowerbird.suggesting.category import CategorySuggester
from bowerbird.suggesting.category_model import (
    TABLES_FILE,
    CategoryModel,
    Evidence,
    Learned,
    Pooling,
    write_tables,
)
from bowerbird.suggesting.draft import Draft
from bowerbird.suggesting.kernel_machine import LookKernel, WordKernel, remember
from bowerbird.suggesting.word_features import place_key, terms

ENCODERS = {"text": "t1", "photo": "p1"}
ROOTS = ("Home", "Music")
LEAVES = ("Home / Lamps", "Home / Sofas", "Music")
WEIGHTS = (6.0, 0.5)
NO_PHOTOS, NO_WORDS = np.empty((0, 4), np.float32), np.empty((0, 4), np.float32)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Three remembered listings, one a leaf; the score of a leaf is the likeness to its listing."""
    eye = np.eye(4, dtype=np.float32)
    targets = np.array([[1, 0, 1, 0, 0], [1, 0, 0, 1, 0], [0, 1, 0, 0, 1]], np.float32)
    spoken = remember([terms(text) for text in ("lamp lamp", "sofa sofa", "piano piano")])
    places = np.array([place_key(place) for place in ("Leeds", "Leeds", "York")])
    words = WordKernel(spoken, eye[:3], 1.0, 2.0, places, 0.5)
    looks = LookKernel(eye[:3], np.zeros(4, np.float32), np.ones(4, np.float32), 2.0)
    learned = Learned(targets, np.zeros(5, np.float32))
    kinds = {
        Evidence.WORDS: [Evidence.WORDS],
        Evidence.PHOTOS: [Evidence.PHOTOS],
        Evidence.BOTH: [Evidence.WORDS, Evidence.PHOTOS],
    }
    pooling = {
        kind: Pooling(
            np.vstack([weight * np.eye(2) for _ in parts for weight in WEIGHTS]),
            np.zeros(2),
            dict.fromkeys(parts, WEIGHTS),
            0.8,
        )
        for kind, parts in kinds.items()
    }
    model = CategoryModel(ROOTS, LEAVES, pooling, (words, learned), (looks, learned))
    with staged_model(tmp_path_factory.mktemp("models"), LearnedKind.CATEGORY) as folder:
        config = write_tables(model, folder)
        return publish_model(
            folder,
            LearnedKind.CATEGORY,
            config=config,
            encoders=ENCODERS,
            data="d",
            metrics={"figures": [], "plots": {}},
            card="",
            trained_at=datetime(2026, 1, 1, tzinfo=UTC),
        )


@pytest.fixture(scope="module")
def suggester(published):
    return CategorySuggester(published, ENCODERS)


def draft(title="", meaning=None, features=NO_PHOTOS, place=None):
    text = NO_WORDS if meaning is None else np.eye(4, dtype=np.float32)[[meaning]]
    return Draft(Listing("", title, place=place), text, np.asarray(features, np.float32))


def test_words_alone_name_root_and_leaf(suggester):
    said = suggester.suggest(draft("a piano", 2))
    assert said.root[0][0] == "Music"
    assert said.leaf[0][0] == "Music"
    assert said.evidence is Evidence.WORDS
    assert not said.unsure
    said = suggester.suggest(draft("a sofa", 1))
    assert [said.root[0][0], said.leaf[0][0]] == ["Home", "Home / Sofas"]


def test_photos_alone_and_both(suggester):
    looks_like_a_lamp = [[1, 0, 0, 0], [0.9, 0.1, 0, 0]]
    said = suggester.suggest(draft(features=looks_like_a_lamp))
    assert [said.leaf[0][0], said.evidence] == ["Home / Lamps", Evidence.PHOTOS]
    said = suggester.suggest(draft("a lamp", 0, looks_like_a_lamp))
    assert [said.leaf[0][0], said.evidence] == ["Home / Lamps", Evidence.BOTH]


def test_probabilities_are_consistent_and_in_order(suggester):
    for said in (suggester.suggest(draft("a lamp", 2)), suggester.suggest(draft("xyz", 3))):
        root = dict(said.root)
        assert sum(root.values()) == pytest.approx(1)
        for name in ROOTS:
            own = sum(chance for path, chance in said.leaf if path.split(" / ")[0] == name)
            assert own == pytest.approx(root[name])
        for ranked in (said.root, said.leaf):
            chances = [chance for _, chance in ranked]
            assert chances == sorted(chances, reverse=True)


def test_words_that_say_nothing_leave_it_unsure(suggester):
    assert suggester.suggest(draft("xyz", 3)).unsure


def test_a_draft_of_nothing_is_refused(suggester):
    with pytest.raises(InputError, match="words or photos"):
        suggester.suggest(draft())
    with pytest.raises(InputError, match="words or photos"):
        suggester.suggest(draft("  "))


@pytest.mark.parametrize("running", [{"text": "t2", "photo": "p1"}, {"text": "t1"}])
def test_other_encoders_are_refused(published, running):
    with pytest.raises(MismatchError, match="bowerbird train category"):
        CategorySuggester(published, running)


def test_a_model_of_another_kind_or_without_tables_is_refused(published, tmp_path):
    with pytest.raises(MismatchError, match="price"):
        CategorySuggester(dataclasses.replace(published, kind=LearnedKind.PRICE), ENCODERS)
    with pytest.raises(MismatchError, match="train category"):
        CategorySuggester(dataclasses.replace(published, folder=tmp_path), ENCODERS)


def test_vectors_of_another_length_are_refused(suggester):
    with pytest.raises(MismatchError, match="do not fit"):
        suggester.suggest(draft(features=np.ones((1, 7))))


def test_threads_get_what_one_gets(suggester):
    drafts = [draft(title, meaning) for title in ("lamp", "sofa", "piano") for meaning in range(4)] * 5
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(suggester.suggest, drafts)) == [suggester.suggest(one) for one in drafts]


def test_what_others_offer_in_a_place_speaks_where_words_are_undecided(suggester):
    said = {
        place: dict(suggester.suggest(draft("thing", 3, place=place)).root) for place in ("york", "Leeds")
    }
    nowhere = dict(suggester.suggest(draft("thing", 3)).root)
    assert said["york"]["Music"] > nowhere["Music"] > said["Leeds"]["Music"]


def test_a_model_that_was_learned_before_places_and_spreads_were_read_still_answers(
    published, suggester, tmp_path
):
    tables = safetensors.numpy.load_file(published.folder / TABLES_FILE)
    old = {name: table for name, table in tables.items() if name not in ("word_places", "look_spread")}
    assert len(old) == len(tables) - 2
    safetensors.numpy.save_file(old, tmp_path / TABLES_FILE)
    words = {name: value for name, value in published.config["words"].items() if name != "place_weight"}
    config = {**published.config, "words": words}
    before = CategorySuggester(dataclasses.replace(published, folder=tmp_path, config=config), ENCODERS)
    # The spreads of the model at hand are all 1.
    placeless, pictured = draft("lamp", 3, place="York"), draft("lamp", 3, np.eye(4)[:2])
    assert before.suggest(placeless) == suggester.suggest(draft("lamp", 3))
    assert before.suggest(pictured) == suggester.suggest(pictured)
