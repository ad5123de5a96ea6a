"""Relistings on the market whose answers are known: by photo, by words, by both, and only while on sale."""

import dataclasses
import io
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from scenes import cropped, jpeg, scene

import known_market
from bowerbird.assembly import open_engine
from bowerbird.cleaning.photo import clean_photo
from bowerbird.engine import Engine
from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Photo, Status
from bowerbird.settings import load_settings
from bowerbird.suggesting.duplicates import Duplicate
from bowerbird.suggesting.photo_matches import PhotoRelation, near_hashes
from bowerbird.suggesting.sellers import Part
from bowerbird.suggesting.text_matches import TextRelation

WORDS = "An oak chest with brass handles, four drawers, made about 1920, no worm, fits a small car."


@pytest.fixture(scope="module")
def opened(indexed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    home = shutil.copytree(indexed_home, tmp_path_factory.mktemp("duplicates") / "home")
    with closing(open_engine(load_settings(home))) as engine:
        yield engine


@pytest.fixture
def engine(opened: Engine) -> Iterator[Engine]:
    """One engine for all tests; what a test offers is gone at its end."""
    yield opened
    opened.delete(sorted(set(opened.stores.catalogue.all_ids()) - set(known_market.listing_ids())))


def told(engine: Engine, listing: Listing, *photos: Image.Image) -> tuple[Duplicate, ...]:
    return uploaded(engine, listing, *(jpeg(photo) for photo in photos))


def uploaded(engine: Engine, listing: Listing, *uploads: bytes) -> tuple[Duplicate, ...]:
    return engine.suggest(listing, uploads, [Part.DUPLICATES]).duplicates


def offer(engine: Engine, listing_id: str, title: str, *uploads: bytes, **fields: object) -> Listing:
    """Put a listing on sale, as a client would."""
    read = engine.suggest(Listing("", title), uploads, [Part.DUPLICATES]).draft.listing.photos
    for photo, data in zip(read, uploads, strict=True):
        engine.photo_store.put(photo.content_hash, stored_bytes(data))
    listing = Listing(listing_id, title, photos=read, **fields)
    engine.upsert([listing])
    return listing


def stored_bytes(data: bytes) -> bytes:
    return clean_photo(data, max_pixels=10**7, max_bytes=10**7).data


def test_the_same_file_is_found_at_once_and_said(engine: Engine):
    offer(engine, "chest", "Oak chest", jpeg(scene(1)), jpeg(scene(2)))
    found = uploaded(engine, Listing("", ""), jpeg(scene(7)), jpeg(scene(2)))
    assert [duplicate.listing.listing_id for duplicate in found] == ["chest"]
    assert found[0].reason == "photo 2 is the same file as theirs"
    assert [(pair.photo, pair.relation) for pair in found[0].photos] == [(1, PhotoRelation.SAME_FILE)]
    assert found[0].photos[0].content_hash == found[0].listing.photos[1].content_hash
    assert found[0].score == 0.95


@pytest.mark.parametrize(
    ("change", "relation", "reason"),
    [
        (lambda image: image.resize((240, 180)), PhotoRelation.SAME_PICTURE, "the same picture as theirs"),
        (lambda image: cropped(image, 0.05), PhotoRelation.EDITED, "cropped or edited"),
        (ImageOps.mirror, PhotoRelation.EDITED, "cropped or edited"),
    ],
)
def test_the_same_picture_is_found_whatever_was_done_to_it(engine: Engine, change, relation, reason):
    offer(engine, "chest", "Oak chest", jpeg(scene(1)))
    found = told(engine, Listing("", ""), change(scene(1)))
    assert [duplicate.listing.listing_id for duplicate in found] == ["chest"]
    assert found[0].photos[0].relation == relation
    assert found[0].reason.endswith(reason)


def test_an_exif_turned_photo_is_the_same_picture(engine: Engine):
    offer(engine, "chest", "Oak chest", jpeg(scene(1)))
    exif, turned = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6  # to be turned clockwise when shown
    scene(1).rotate(90, expand=True).save(turned, "JPEG", exif=exif)
    found = uploaded(engine, Listing("", ""), turned.getvalue())
    assert found[0].photos[0].relation >= PhotoRelation.SAME_PICTURE


@pytest.mark.parametrize(
    ("title", "description", "relation", "reason"),
    [
        ("Oak chest", WORDS, TextRelation.SAME_WORDS, "the same title and description word for word"),
        ("Drawers", WORDS, TextRelation.SAME_DESCRIPTION, "the same description word for word"),
        (
            "Old oak chest",
            WORDS.replace("no worm", "sound"),
            TextRelation.ALMOST_SAME,
            "almost the same words",
        ),
    ],
)
def test_the_same_words_are_found(engine: Engine, title, description, relation, reason):
    offer(engine, "chest", "Oak chest", description=WORDS)
    found = uploaded(engine, Listing("", title, description))
    assert [(duplicate.listing.listing_id, duplicate.text) for duplicate in found] == [("chest", relation)]
    assert found[0].reason == reason


def test_photo_and_words_together_are_surer_than_either(engine: Engine):
    offer(engine, "both", "Oak chest", jpeg(scene(1)), description=WORDS)
    offer(engine, "photo", "Spade", jpeg(scene(1)))
    found = told(engine, Listing("", "Oak chest", WORDS), scene(1))
    assert [duplicate.listing.listing_id for duplicate in found] == ["both", "photo"]
    assert found[0].score == pytest.approx(1 - 0.05 * 0.05)
    assert found[0].reason == (
        "photo 1 is the same file as theirs, and the same title and description word for word"
    )


def test_several_shared_photos_are_counted_together(engine: Engine):
    offer(engine, "chest", "Oak chest", *(jpeg(scene(seed)) for seed in (1, 2, 3)))
    found = told(engine, Listing("", ""), scene(3), scene(5), scene(1))
    assert found[0].reason == "photos 1 and 3 are the same files as theirs"
    assert [pair.photo for pair in found[0].photos] == [0, 2]


def test_a_stored_listing_does_not_repeat_itself_but_is_repeated(engine: Engine):
    chest = offer(engine, "chest", "Oak chest", jpeg(scene(1)), description=WORDS)
    assert engine.suggest(chest, None, [Part.DUPLICATES]).duplicates == ()
    again = dataclasses.replace(chest, listing_id="again")
    found = engine.suggest(again, None, [Part.DUPLICATES]).duplicates
    assert [duplicate.listing.listing_id for duplicate in found] == ["chest"]


def test_what_was_sold_hidden_or_deleted_is_no_duplicate(engine: Engine):
    chest = offer(engine, "chest", "Oak chest", jpeg(scene(1)), description=WORDS, status=Status.ACTIVE)
    draft = Listing("", "Oak chest", WORDS)
    assert told(engine, draft, scene(1))
    for status in (Status.SOLD, Status.HIDDEN):
        engine.upsert([dataclasses.replace(chest, status=status)])
        assert told(engine, draft, scene(1)) == ()
    engine.upsert([chest])
    assert told(engine, draft, scene(1))
    engine.delete(["chest"])
    assert told(engine, draft, scene(1)) == ()


def test_changes_of_another_process_are_seen(engine: Engine):
    photo = stored_bytes(jpeg(scene(4)))
    draft = engine.suggest(Listing("", ""), [jpeg(scene(4))], [Part.DUPLICATES]).draft
    engine.photo_store.put(draft.listing.photos[0].content_hash, photo)
    other = dataclasses.replace(draft.listing, listing_id="theirs", title="Chest")
    engine.stores.catalogue.upsert([other])  # as another process would
    assert told(engine, Listing("", ""), scene(4)) == ()
    engine.projection.refresh()
    assert [one.listing.listing_id for one in told(engine, Listing("", ""), scene(4))] == ["theirs"]


def test_hashes_survive_a_new_generation(engine: Engine):
    offer(engine, "chest", "Oak chest", jpeg(scene(1)))
    engine.projection.compact()
    found = told(engine, Listing("", ""), scene(1).resize((240, 180)))
    assert found[0].photos[0].relation is PhotoRelation.SAME_PICTURE


def test_new_things_of_a_known_kind_repeat_nothing(known_engine: Engine):
    for kind in known_market.KINDS:
        assert (
            told(known_engine, Listing("", f"Orange {kind}", "Bought last year, used twice."), scene(9)) == ()
        )


def test_a_draft_of_nothing_repeats_nothing(known_engine: Engine):
    assert told(known_engine, Listing("", "")) == ()


def test_a_plain_photo_is_no_picture_of_its_own(engine: Engine):
    white, cream = Image.new("RGB", (200, 150), "white"), Image.new("RGB", (160, 160), "ivory")
    offer(engine, "plain", "Chest", jpeg(white))
    assert told(engine, Listing("", ""), cream) == ()
    assert told(engine, Listing("", ""), white)[0].photos[0].relation is PhotoRelation.SAME_FILE


def test_a_photo_that_is_none_is_named(known_engine: Engine):
    with pytest.raises(InputError, match=r"^photo 2: "):
        uploaded(known_engine, Listing("", ""), jpeg(scene(1)), b"no photo")


def test_near_hashes_are_those_of_few_bits():
    hashes = np.random.default_rng(0).integers(0, 2**63, 5000).astype(np.uint64)
    hashes[7] = hashes[3] ^ np.uint64(0b1111)
    hashes[8] = hashes[3] ^ np.uint64(0b11111)
    slow = [at for at, other in enumerate(hashes.tolist()) if (int(hashes[3]) ^ other).bit_count() <= 4]
    assert near_hashes(int(hashes[3]), hashes).tolist() == slow == [3, 7]


def test_photos_of_a_draft_are_those_an_upsert_would_store(engine: Engine):
    chest = offer(engine, "chest", "Oak chest", jpeg(scene(1)))
    draft = engine.suggest(Listing("", "x"), [jpeg(scene(1))], [Part.DUPLICATES]).draft
    stored = engine.stores.vectors.features([chest.photos[0].content_hash])
    assert draft.listing.photos == chest.photos
    assert isinstance(draft.listing.photos[0], Photo)
    assert draft.features == pytest.approx(stored, rel=1e-3, abs=1e-3)  # stored in half precision
