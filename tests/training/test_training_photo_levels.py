"""Levels by what the layers say, colours by hand, and old exports by their weights' names."""

import pytest
import torch

from bowerbird.training.networks import EfficientNetLite
from bowerbird.training.photo_backbone import PhotoBackbone, load_photo_backbone
from bowerbird.training.photo_levels import (
    COLOUR_BINS,
    LEVELS,
    LeveledLite,
    colour_histogram,
    last_layer_width,
    part_widths,
    with_levels,
)


@pytest.mark.parametrize(("name", "dimension"), [("efficientnet-lite2", 1912), ("efficientnet-lite0", 2200)])
def test_the_last_layer_comes_first_then_the_ends_of_stages(name, dimension):
    backbone = load_photo_backbone(name)
    leveled = with_levels(backbone)
    (pixels,) = backbone.example(2)
    ends = {}

    def keep(number):
        def hook(_module, _inputs, output):
            ends[number] = output.mean(dim=(2, 3))

        return hook

    blocks = iter(leveled.network._blocks)
    for number, stage in enumerate(leveled.network.stages):
        last = [next(blocks) for _ in range(stage.blocks)][-1]
        last.register_forward_hook(keep(number))
    with torch.inference_mode():
        plain, found = backbone.network(pixels), leveled.network(pixels)
    assert found.shape == (2, dimension) == (2, leveled.dimension)
    torch.testing.assert_close(found[:, : last_layer_width(name)], plain)
    assert part_widths(name) == (1280, *(ends[stage].shape[1] for stage in LEVELS[name].stages), 216)
    at = 1280
    for stage, scale in LEVELS[name].stages.items():
        width = ends[stage].shape[1]
        torch.testing.assert_close(found[:, at : at + width], ends[stage] * scale)
        at += width
    assert dimension - at == COLOUR_BINS**3


def test_weights_keep_their_names():
    backbone = load_photo_backbone("efficientnet-lite0")
    assert set(with_levels(backbone).network.state_dict()) == set(backbone.network.state_dict())


def test_other_networks_stay_as_they_are():
    packaged = load_photo_backbone("efficientnet-lite0")
    mine = PhotoBackbone("mine", EfficientNetLite().eval(), 1280, packaged.preparation)
    assert with_levels(mine) is mine
    leveled = with_levels(packaged)
    assert isinstance(leveled.network, LeveledLite)
    assert with_levels(leveled) is leveled
    assert last_layer_width("mine") is None
    assert part_widths("mine") is None


def test_colours_are_shares_of_the_nearest_bins():
    red = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    histogram = colour_histogram(red).view(COLOUR_BINS, COLOUR_BINS, COLOUR_BINS)
    assert histogram[-1, 0, 0] == pytest.approx(1.0)
    assert float(histogram.sum()) == pytest.approx(1.0)
    # Half way between two of six bins on one channel: each gets half.
    between = torch.tensor([0.0, -1.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    halves = colour_histogram(between).view(COLOUR_BINS, COLOUR_BINS, COLOUR_BINS)[:, 0, 0]
    assert halves.tolist() == pytest.approx([0, 0, 0.5, 0.5, 0, 0], abs=1e-6)
