"""Duplicate groups: the quick way equals comparing everything with everything; splits cut no group."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from bowerbird.cleaning.duplicates import duplicate_listing_groups, duplicate_photo_groups, near_pairs
from bowerbird.cleaning.photo import clean_photo
from bowerbird.cleaning.split import held_out_listings
from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Photo

LONG = "Solid oak table with six chairs, collected from Leeds only, cash please"


def photo(name, bits=0x00000000FFFFFFFF, content=None):
    return Photo(name, (content or name).ljust(64, "0"), f"{bits:016x}", 300, 200)


@pytest.mark.parametrize("near_bits", [0, 1, 3, 4, 7])
def test_near_pairs_are_those_of_a_double_loop(near_bits):
    rng = np.random.default_rng(near_bits)
    seeds = rng.integers(0, 2**64, 12, dtype=np.uint64)
    flips = np.array([sum(1 << int(bit) for bit in rng.choice(64, n % 9, replace=False)) for n in range(240)])
    hashes = np.unique(np.repeat(seeds, 20) ^ flips.astype(np.uint64))
    slow = [
        (i, j)
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if int(hashes[i] ^ hashes[j]).bit_count() <= near_bits
    ]
    assert near_pairs(hashes, near_bits).tolist() == [list(pair) for pair in slow]
    assert near_bits == 0 or len(slow) > 10


def test_a_bucket_that_is_compared_in_parts(monkeypatch):
    monkeypatch.setattr("bowerbird.cleaning.duplicates._COMPARISONS_AT_ONCE", 7)
    hashes = np.arange(40, dtype=np.uint64)
    expected = [(i, j) for i in range(40) for j in range(i + 1, 40) if (i ^ j).bit_count() <= 1]
    assert near_pairs(hashes, 1).tolist() == [list(pair) for pair in expected]


def test_near_bits_are_checked():
    with pytest.raises(InputError, match="between 0 and 7, but 8"):
        near_pairs(np.empty(0, np.uint64), 8)


def test_photos_group_by_bytes_and_by_near_hashes_and_groups_are_closed():
    half = 0x00000000FFFFFFFF
    photos = [
        photo("a", half),
        photo("b", half ^ 0x0000000100000001),  # two bits from a
        photo("c", half ^ 0x0000000700000007),  # four from b, six from a
        photo("d", 0xFFFFFFFF00000000),
        photo("e", 0x0F0F0F0F0F0F0F0F, content="d"),
        photo("f", 0x3333333333333333),
    ]
    assert duplicate_photo_groups(photos).tolist() == [0, 0, 0, 1, 1, 2]
    assert duplicate_photo_groups(photos, near_bits=0).tolist() == [0, 1, 2, 3, 3, 4]
    assert duplicate_photo_groups([]).tolist() == []


def flat(colour, name):
    pixels = np.full((60, 80, 3), colour, np.uint8)
    cleaned = clean_photo(png(Image.fromarray(pixels)), max_pixels=10_000, max_bytes=100_000)
    return cleaned.photo(name)


def png(image):
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def test_flat_pictures_share_a_hash_but_no_group():
    red, green, red_again = flat((200, 0, 0), "r"), flat((0, 200, 0), "g"), flat((200, 0, 0), "r2")
    assert red.perceptual_hash == green.perceptual_hash
    assert duplicate_photo_groups([red, green, red_again]).tolist() == [0, 1, 0]


def test_listings_group_by_photo_and_by_text():
    listings = [
        Listing("1", "Table", LONG),
        Listing("2", "TABLE!!", LONG.upper() + "."),
        Listing("3", "Chair", "nice", photos=(photo("x"), photo("y", 0x5555555555555555))),
        Listing("4", "Stool", "good", photos=(photo("z", 0x5555555555555555),)),
        Listing("5", "Sofa", "nice"),
        Listing("6", "Sofa", "nice"),
        Listing("7", "A sofa in green velvet, seats three people", "nice"),
        Listing("8", "A sofa in green velvet, seats three people!", "Nice."),
    ]
    assert duplicate_listing_groups(listings).tolist() == [0, 0, 1, 1, 2, 3, 4, 4]
    assert duplicate_listing_groups([]).tolist() == []


GROUPS = hnp.arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 20))


@settings(max_examples=200)
@given(GROUPS, st.floats(0.01, 0.99), st.integers(0, 5))
def test_no_group_crosses_a_split(groups, fraction, seed):
    held_out = held_out_listings(groups, fraction=fraction, seed=seed)
    assert not set(groups[held_out]) & set(groups[~held_out])
    assert held_out.sum() <= round(fraction * len(groups))
    assert np.array_equal(held_out, held_out_listings(groups, fraction=fraction, seed=seed))


def test_a_split_of_single_listings_has_the_fraction_asked_and_depends_on_the_seed():
    groups = np.arange(1000)
    first, second = (held_out_listings(groups, fraction=0.2, seed=seed) for seed in (0, 1))
    assert first.sum() == second.sum() == 200
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, float("nan")])
def test_a_split_needs_a_true_fraction(fraction):
    with pytest.raises(InputError, match="fraction must lie between 0 and 1"):
        held_out_listings(np.arange(3), fraction=fraction, seed=0)
