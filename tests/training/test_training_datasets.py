"""Batches follow from seed and epoch; what is kept of the frozen half is what the frozen half says."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.encoding.photo_preparation import Fit, PhotoPreparation, Resample
from bowerbird.errors import InputError
from bowerbird.progress import Silent
from bowerbird.training.augmentation import Augmentation
from bowerbird.training.datasets import EpochSampler, LabelledPhotos, PhotoDataset, PixelInputs
from bowerbird.training.photo_folder import read_photo_folder
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.photo_views import kept_inputs, normalised
from bowerbird.training.training_data import Part

PREPARATION = PhotoPreparation(24, Fit.SQUASH, 24, Resample.BILINEAR, (127.0,) * 3, (64.0,) * 3)


@pytest.fixture(scope="module")
def photos(photo_folder) -> LabelledPhotos:
    return read_photo_folder(photo_folder, Silent(), seed=0)


@pytest.fixture
def front():
    torch.manual_seed(2)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, stride=4), torch.nn.ReLU()).eval()


def drawn(epoch, *, seed=0, views=1, device=0, devices=1, rows=60):
    sampler = EpochSampler(
        np.arange(rows) + 7, photos=100, views=views, seed=seed, device=device, devices=devices
    )
    sampler.set_epoch(epoch)
    return list(sampler)


def test_an_epochs_order_follows_from_seed_and_epoch_alone():
    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)
    assert drawn(3) != drawn(3, seed=1)
    assert sorted(drawn(3)) == list(range(7, 67))


@given(devices=st.integers(1, 5), rows=st.integers(5, 40), epoch=st.integers(0, 5))
def test_devices_share_an_epoch_equally_without_overlap(devices, rows, epoch):
    shares = [drawn(epoch, device=one, devices=devices, rows=rows) for one in range(devices)]
    assert {len(share) for share in shares} == {rows // devices}
    together = [item for share in shares for item in share]
    assert len(set(together)) == len(together)
    assert set(together) <= set(drawn(epoch, rows=rows))


def test_each_photo_is_seen_in_each_view_in_turn():
    seen = [dict(zip(*reversed(np.divmod(drawn(epoch, views=3), 100)), strict=True)) for epoch in range(3)]
    for row in range(7, 67):
        assert {epoch[row] for epoch in seen} == {0, 1, 2}


def test_a_batch_holds_its_rows_and_what_is_known_of_them(photos):
    dataset = PhotoDataset(photos, PixelInputs(photos, PREPARATION, with_margin=False), training=False)
    batch = dataset.__getitems__([5, 100])
    assert batch.rows.tolist() == [5, 100]
    assert batch.labels.tolist() == photos.labels[[5, 100]].tolist()
    expected = PREPARATION.pixels(photos.read(100))
    assert np.array_equal(batch.inputs[1].permute(1, 2, 0).numpy(), expected)
    assert batch.teacher.shape == (2, 0)


def test_a_margin_is_read_for_crops(photos):
    inputs = PixelInputs(photos, PREPARATION, with_margin=True)
    assert inputs.training(np.arange(2), np.zeros(2, np.int64)).shape == (2, 3, 27, 27)  # 24 x 8/7
    assert inputs.plain(np.arange(2), mirrored=False).shape == (2, 3, 24, 24)


def test_a_photo_that_is_gone_is_named(photos):
    def read(_row):
        return b"nothing"

    from dataclasses import replace

    inputs = PixelInputs(replace(photos, read=read), PREPARATION, with_margin=False)
    with pytest.raises(InputError, match=r"bicycle/.*cannot be read as an image"):
        inputs.plain(np.arange(1), mirrored=False)


def kept(photos, front, folder, **settings):
    training = PhotoTraining(unfreeze="1", precision="f32", **settings)
    pixels = PixelInputs(photos, PREPARATION, with_margin=True)
    return kept_inputs(photos, front, PREPARATION, pixels, training, folder, Silent())


def test_what_is_kept_is_what_the_front_says(photos, front, tmp_path):
    inputs = kept(photos, front, tmp_path, views=2, augmentation=0.5)
    assert inputs.views == 4  # as it is, mirrored, and two augmented ones
    rows = np.array([0, 60, 150])
    pixels = PixelInputs(photos, PREPARATION, with_margin=True)
    for mirrored in (False, True):
        with torch.inference_mode():
            expected = front(normalised(pixels.plain(rows, mirrored=mirrored).float(), PREPARATION))
        torch.testing.assert_close(inputs.plain(rows, mirrored=mirrored), expected, atol=2e-3, rtol=2e-3)
    train = photos.rows(Part.TRAIN)[[3, 9]]
    views = [inputs.training(train, np.full(2, view)) for view in range(4)]
    torch.testing.assert_close(views[0], inputs.plain(train, mirrored=False))
    torch.testing.assert_close(views[1], inputs.plain(train, mirrored=True))
    assert not torch.equal(views[2], views[3])


def test_what_is_kept_is_computed_once_and_whole(photos, front, tmp_path):
    first = kept(photos, front, tmp_path, views=1, seed=3)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*")}
    assert sorted(path.name.split("-")[0] for path in files) == ["mirrored.npy", "plain.npy", "view"]
    (next(iter(files)).parent / "plain.part").write_bytes(b"of a run that was killed")
    again = kept(photos, front, tmp_path, views=1, seed=3)
    assert {path: path.stat().st_mtime_ns for path in files} == files
    rows, views = photos.rows(Part.TRAIN), np.full(96, 2)
    torch.testing.assert_close(first.training(rows, views), again.training(rows, views))
    another = kept(photos, front, tmp_path, views=1, seed=4)
    assert not torch.equal(another.training(rows, views), again.training(rows, views))
    torch.testing.assert_close(another.plain(rows, mirrored=False), again.plain(rows, mirrored=False))


def test_augmentation_keeps_range_and_follows_its_generator():
    batch = torch.rand(6, 3, 27, 27, generator=torch.Generator().manual_seed(1))
    augmentation = Augmentation(24, 1.0)
    found = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        found.append(augmentation(batch))
    assert found[0].shape == (6, 3, 24, 24)
    assert found[0].min() >= 0
    assert found[0].max() <= 1
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    plain = Augmentation(27, 0.0)
    assert torch.equal(plain(batch), batch)
