"""Every kind of thing, painted: it is there, in its own colour, and its photos show the same thing."""

import numpy as np
import pytest

from bowerbird.demo.homes import Home
from bowerbird.demo.kinds.register import KINDS
from bowerbird.demo.palette import SHADES, TERMS, distance
from bowerbird.demo.photograph import FAULTS, View, take
from bowerbird.demo.rooms import SETTINGS
from bowerbird.demo.things import Look, Thing

RED, BLUE = SHADES["red"].rgb, SHADES["blue"].rgb


def _indifferent_home():
    """A home that shows red and blue things on the same wall, floor, table, bed and ground."""
    for number in range(500):
        home = Home.of(number)
        surfaces = (home.floor, home.table, home.bed, home.ground)
        same = all(
            home.surface_under(name, RED) == home.surface_under(name, BLUE) == name for name in surfaces
        )
        if same and home.wall_behind(RED) == home.wall_behind(BLUE) and home.backdrop == "render":
            return number
    raise LookupError("no home suits both colours")


HOME = _indifferent_home()


def _photo(kind, colour, *, seed=5, yaw=0.4, setting=None, fault=None, size=(320, 240)):
    look = Look(colour, (230, 225, 215), next(iter(kind.materials)), seed)
    view = View(setting or kind.settings[0], size, yaw, 0.0, 0.0, 0.8, (0.0, 0.0), HOME, 3, fault)
    return np.asarray(take(Thing(look, kind.painter, kind.size, kind.turns), view), np.int64)


@pytest.mark.parametrize("name", KINDS)
def test_a_thing_shows_the_colour_that_it_has(name):
    """Painted red and then blue, all else equal, what changes is red in one photo and blue in the other."""
    red, blue = _photo(KINDS[name], RED), _photo(KINDS[name], BLUE)
    changed = np.abs(red - blue).sum(axis=2) > 60
    assert changed.mean() > 0.015, "hardly any of the photo is the thing's colour"
    assert np.median((red[..., 0] - red[..., 2])[changed]) > 30
    assert np.median((blue[..., 2] - blue[..., 0])[changed]) > 30


@pytest.mark.parametrize("name", KINDS)
def test_no_photo_is_blank_wherever_the_thing_stands(name):
    kind = KINDS[name]
    shades = kind.shades(next(iter(kind.materials)))
    for setting in dict.fromkeys(kind.settings):
        photo = _photo(kind, shades[0].rgb, setting=setting)
        middle = photo[60:180, 80:240]
        assert middle.reshape(-1, 3).std(axis=0).max() > 8, setting


@pytest.mark.parametrize("name", ["sofa", "bicycle", "mug", "guitar"])
def test_the_same_look_is_painted_the_same_and_another_is_not(name):
    kind = KINDS[name]
    one, again, other = _photo(kind, RED), _photo(kind, RED), _photo(kind, RED, seed=6)
    assert np.array_equal(one, again)
    assert np.abs(one - other).mean() > 0.3


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_spoils_the_photo(fault):
    sound, spoilt = _photo(KINDS["armchair"], RED), _photo(KINDS["armchair"], RED, fault=fault)
    assert np.abs(sound - spoilt).mean() > 3
    if fault == "dark":
        assert spoilt.mean() < 0.65 * sound.mean()


@pytest.mark.parametrize("name", ["sofa", "wardrobe", "kettle"])
def test_wear_marks_the_thing_and_leaves_the_room(name):
    kind = KINDS[name]
    photos = []
    for worn in (False, True):
        look = Look(RED, (230, 225, 215), next(iter(kind.materials)), 5, worn)
        view = View(kind.settings[0], (320, 240), 0.0, 0.0, 0.0, 0.7, (0.0, 0.0), HOME, 3)
        photos.append(np.asarray(take(Thing(look, kind.painter, kind.size), view), np.int64))
    changed = np.abs(photos[0] - photos[1]).sum(axis=2) > 6
    assert changed.mean() > 0.02
    assert changed[:20].mean() < 0.001
    assert changed[:, :20].mean() < 0.001


def test_every_kind_can_be_planned():
    assert len(KINDS) >= 16
    for kind in KINDS.values():
        assert 2 <= len(kind.category) <= 3
        assert kind.nouns
        assert kind.features
        assert kind.price > 0
        assert set(kind.settings) <= set(SETTINGS)
        for material, terms in kind.materials.items():
            assert set(terms) <= set(TERMS)
            assert kind.shades(material)


def test_categories_are_told_apart():
    leaves = {kind.category for kind in KINDS.values()}
    assert len(leaves) >= 30
    assert len({category[0] for category in leaves}) >= 6


def test_basic_colours_look_unlike_each_other():
    plain = [next(shade for shade in SHADES.values() if shade.term == term).rgb for term in TERMS]
    closest = min(distance(a, b) for i, a in enumerate(plain) for b in plain[:i])
    assert closest > 25
