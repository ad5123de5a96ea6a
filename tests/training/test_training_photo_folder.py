"""A folder of photos by class: who is in which part, and what is wrong with a folder that cannot be used."""

import shutil
from collections import Counter

import numpy as np
import pytest
from PIL import Image

import known_market
from bowerbird.errors import InputError, NotFoundError
from bowerbird.progress import Silent
from bowerbird.training.photo_folder import read_photo_folder
from bowerbird.training.training_data import Part


@pytest.fixture
def folder(photo_folder, tmp_path):
    return shutil.copytree(photo_folder, tmp_path / "photos")


def read(folder, seed=0):
    return read_photo_folder(folder, Silent(), seed=seed)


def test_classes_and_parts_are_the_folders(folder):
    photos = read(folder)
    assert photos.classes == tuple(sorted(known_market.KINDS))
    assert Counter(photos.parts.tolist()) == {Part.TRAIN: 96, Part.VALIDATION: 48, Part.TEST: 48}
    for name, label, part in zip(photos.names, photos.labels, photos.parts, strict=True):
        top, kind, _ = name.split("/")
        assert (top, kind) == (("train", "val", "test")[part], photos.classes[label])
    assert photos.read(0) == (folder / photos.names[0]).read_bytes()


@pytest.mark.parametrize("name", ["validation", "valid"])
def test_other_names_of_val_are_known(folder, name):
    (folder / "val").rename(folder / name)
    assert (read(folder).parts == Part.VALIDATION).sum() == 48


@pytest.mark.parametrize("missing", [("val",), ("test",), ("val", "test")])
def test_a_missing_part_is_drawn_without_parting_duplicates(folder, missing):
    for one in missing:
        shutil.rmtree(folder / one)
    for path in sorted((folder / "train").glob("*/red-*.jpg")):
        shutil.copy(path, path.with_name(f"again-{path.name}"))
    photos = read(folder)
    for group in np.unique(photos.groups):
        drawn = photos.groups == group
        assert len(set(photos.parts[drawn].tolist()) & {Part.TRAIN, *_parts(missing)}) <= 1
    for part in Part:
        assert (photos.parts == part).any()
    assert "drawn by duplicate groups" in photos.split
    assert np.array_equal(photos.parts, read(folder).parts)
    assert not np.array_equal(photos.parts, read(folder, seed=1).parts)


def _parts(missing):
    return {{"val": Part.VALIDATION, "test": Part.TEST}[one] for one in missing}


def test_a_test_folder_may_have_no_classes(folder):
    for path in sorted((folder / "test").glob("*/*.jpg")):
        path.rename(folder / "test" / f"{path.parent.name}-{path.name}")
    for empty in list((folder / "test").iterdir()):
        if empty.is_dir():
            empty.rmdir()
    photos = read(folder)
    assert (photos.labels[photos.rows(Part.TEST)] == -1).all()
    assert len(photos.rows(Part.TEST)) == 48


def test_an_unreadable_photo_is_left_out_and_named(folder):
    whole = (folder / "train/sofa/red-0.jpg").read_bytes()
    (folder / "train/sofa/red-0.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "train/lamp/notes.png").write_bytes(b"not a picture")
    (folder / "train/lamp/notes.txt").write_text("not a photo either, and no suffix of one")
    photos = read(folder)
    assert len(photos.names) == 96 + 48 + 48 - 1
    assert [one.split(": ")[1] for one in photos.warnings[:2]] == [
        "train/lamp/notes.png",
        "train/sofa/red-0.jpg",
    ]


def test_a_test_photo_that_was_trained_on_is_told(folder):
    shutil.copy(folder / "train/sofa/red-0.jpg", folder / "test/sofa/the-same.jpg")
    before = read(folder).warnings
    assert any("near-duplicates of training photos" in one for one in before)


def test_another_photo_is_other_data(folder):
    before = read(folder).fingerprint
    assert read(folder).fingerprint == before
    Image.new("RGB", (40, 40), "red").save(folder / "train/sofa/new.jpg")
    assert read(folder).fingerprint != before


def test_folders_that_cannot_be_used_are_told(folder, tmp_path):
    with pytest.raises(NotFoundError, match="there is no folder"):
        read(tmp_path / "none")
    with pytest.raises(NotFoundError, match="has no folder train/; put the photos into"):
        read(folder / "val")
    (folder / "val/tractor").mkdir()
    shutil.copy(folder / "val/sofa/red-2.jpg", folder / "val/tractor/red.jpg")
    with pytest.raises(InputError, match="val/ has the class tractor, which train/ lacks"):
        read(folder)
    (folder / "train/tractor").mkdir()
    with pytest.raises(InputError, match=r"train/ has no photo of the class tractor"):
        read(folder)
    shutil.copy(folder / "val/sofa/red-2.jpg", folder / "train/loose.jpg")
    with pytest.raises(InputError, match=r"loose\.jpg is in no folder of a class; move it to train/<class>/"):
        read(folder)


def test_one_class_is_nothing_to_tell_apart(folder):
    for part in ("train", "val", "test"):
        for kind in set(known_market.KINDS) - {"sofa"}:
            shutil.rmtree(folder / part / kind)
    with pytest.raises(InputError, match="needs at least two classes, but there is 1: sofa"):
        read(folder)
