"""A listing encoder is put in use, replaced and taken out of use under a running engine."""

import shutil
import threading
from contextlib import closing

import numpy as np
import pytest

import known_market
from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.engine import Engine
from bowerbird.errors import MismatchError
from bowerbird.market.listing import Listing
from bowerbird.market.query import Query
from bowerbird.retrieval.cutoff import Cutoff
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import activate_model, roll_back_model
from tiny_listing import publish_random

RED_SOFA = np.asarray(known_market.draw("red-sofa"))


def put_in_use(settings: Settings, seed: int = 0) -> str:
    model = publish_random(settings, seed)
    return activate_model(settings.models, LearnedKind.LISTING, model.fingerprint).fingerprint


def indexed_elsewhere(settings: Settings, open_home) -> str:
    """The name of a generation that another process publishes."""
    with closing(open_home(settings)) as other:
        return other.projection.compact().name


def test_a_running_engine_takes_up_each_encoder_and_answers_all_the_while(
    engine: Engine, settings, open_home
):
    assert engine.projection.current.listing_encoder is None
    stopping, failed, answered = threading.Event(), [], []

    def ask():
        while not stopping.is_set():
            try:
                assert "red-sofa" in engine.matching_ids(Query(words="red sofa"))
                assert "red-sofa" in engine.matching_ids(Query(photo=RED_SOFA))
                assert engine.similar("red-sofa").hits
                answered.append(engine.projection.current.generation.name)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must say
                failed.append(error)
                return

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        for seed in (0, 1):
            fingerprint = put_in_use(settings, seed)
            published = indexed_elsewhere(settings, open_home)
            assert engine.projection.swap_if_newer()
            opened = engine.projection.current
            assert opened.generation.name == published
            assert opened.generation.manifest.encoders["listing"] == fingerprint
            assert opened.listing_encoder.fingerprint == fingerprint
            engine.upsert([Listing(f"harp-{seed}", "Golden harp")])
            assert f"harp-{seed}" in engine.matching_ids(Query())
        roll_back_model(settings.models, LearnedKind.LISTING)
        roll_back_model(settings.models, LearnedKind.LISTING)
        indexed_elsewhere(settings, open_home)
        assert engine.projection.swap_if_newer()
        assert engine.projection.current.listing_encoder is None
    finally:
        stopping.set()
        thread.join()
    assert not failed, failed[0]
    assert answered


def test_replay_gives_the_vectors_of_a_rebuild(engine: Engine, settings):
    put_in_use(settings)
    engine.projection.compact()
    listing = engine.listing("red-sofa")
    engine.upsert([Listing("copy", "Red sofa", photos=listing.photos)])
    replayed = vectors_of(engine, "copy")
    engine.projection.compact()
    np.testing.assert_allclose(vectors_of(engine, "copy"), replayed, atol=2e-3)  # kept as half floats


def vectors_of(engine: Engine, listing_id: str):
    index = engine.projection.current.index
    return index.photos.vectors(index.photo_owners.photos_of(index.row(listing_id)))


def test_words_and_photos_share_a_space_while_an_encoder_is_in_use(engine: Engine, settings):
    before = engine.projection.current.space
    fingerprint = put_in_use(settings)
    engine.projection.compact()
    assert engine.projection.current.space == fingerprint != before
    words, photos = engine.embed_texts(["red sofa"]), engine.embed_photos([RED_SOFA])
    assert words.shape == photos.shape == (1, 256)
    np.testing.assert_allclose(np.linalg.norm([words[0], photos[0]], axis=1), 1, atol=1e-5)


def test_a_listing_found_by_words_in_its_photo_says_so(engine: Engine, settings):
    put_in_use(settings)
    engine.projection.compact()
    opened = engine.projection.current
    vector = opened.pictured_vector(engine.stores.vectors.text_encoder.encode(["red sofa"])[0])
    best = opened.index.search_photos(vector, 1, opened.index.allowed(Query().filters))
    listing_id = opened.index.columns.listing_ids[best.rows[0]]
    opened.pictured_cutoff = Cutoff(strength=-100, floor=-1)  # random weights find nothing above a true one
    answer = engine.search(Query(words="red sofa", limit=200))
    why = {hit.listing.listing_id: hit.why for hit in answer.hits}[listing_id]
    assert next(hit for hit in why.branches if hit.branch == "pictured").rank == 1
    assert why.photo == engine.listing(listing_id).photos[0].content_hash


def test_an_encoder_whose_folder_is_gone_is_refused_and_the_old_index_served_on(
    engine: Engine, settings, open_home
):
    served = engine.projection.current.generation.name
    fingerprint = put_in_use(settings)
    indexed_elsewhere(settings, open_home)
    shutil.rmtree(settings.models / "listing" / fingerprint)
    with pytest.raises(MismatchError, match=f"listing encoder {fingerprint}.*run `bowerbird index`"):
        engine.projection.swap_if_newer()
    assert not engine.projection.swap_if_newer()
    assert engine.projection.current.generation.name == served


def test_an_encoder_of_other_backbones_is_refused_before_anything_is_built(engine: Engine, settings):
    encoders = {**engine.stores.encoders, "text": "another"}
    model = publish_random(settings, encoders=encoders)
    activate_model(settings.models, LearnedKind.LISTING, model.fingerprint)
    served = engine.projection.current.generation.name
    with pytest.raises(MismatchError, match="reads vectors of the text encoder another"):
        engine.projection.compact()
    assert engine.projection.current.generation.name == served
    assert not list((settings.home / "index").glob(".staging-*"))
