"""A packaged photo network read at several depths, beside the colours of the photo.

Two photos of one object share textures, colours and a background, which the last layer of a classifier has
learned to look past. So what is exported is the pooled last layer, then the pooled ends of some stages in
front of it (as hypercolumns are: Hariharan et al., CVPR 2015), then a soft colour histogram. Each further
part is scaled so that after the square root it varies as much as the last layer does, and whitening weighs
them alike. For the 1,025 validation photos of the real market with a sibling, sought among all 10,757,
same-listing R@1 is 0.378 from Lite2's last layer alone and 0.527 from all; Lite0's are 0.396 and 0.501.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from bowerbird.training.networks import FEATURES, EfficientNetLite, Stage
from bowerbird.training.photo_backbone import LITE_STAGES, PACKAGED_PHOTO, SMALLER_PHOTO, PhotoBackbone

COLOUR_BINS = 6  # a channel
_COLOUR_GRID = 4  # pixels of a side that are averaged before they are counted


@dataclass(frozen=True, slots=True)
class Levels:
    """What is read of a network beside its last layer, and what it is multiplied with."""

    stages: dict[int, float]  # by stage, counted from 0: of its pooled end
    colours: float  # of the histogram


LEVELS = {
    PACKAGED_PHOTO: Levels({3: 1.37, 4: 1.28, 5: 0.38}, 450.0),
    SMALLER_PHOTO: Levels({3: 1.6, 4: 1.4, 5: 0.45, 6: 0.4}, 500.0),
}


class LeveledLite(EfficientNetLite):
    """`EfficientNetLite`, weights and their names included, that answers more than its last layer."""

    def __init__(self, stages: Sequence[Stage], levels: Levels) -> None:
        super().__init__(stages)
        self.levels = levels

    @property
    def dimension(self) -> int:
        """Columns of what `forward` answers."""
        channels = sum(self.stages[stage].channels for stage in self.levels.stages)
        return FEATURES + channels + COLOUR_BINS**3

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 3, s, s) float32 -> (B, dimension) float32; the first 1280 are the last layer's."""
        maps = nn.functional.relu6(self._bn0(self._conv_stem(self.pad(pixels))))
        pooled: list[Tensor] = []
        blocks = iter(self._blocks)
        for number, stage in enumerate(self.stages):
            for _ in range(stage.blocks):
                maps = next(blocks)(maps)
            if number in self.levels.stages:
                pooled.append(maps.mean(dim=(2, 3)) * self.levels.stages[number])
        maps = nn.functional.relu6(self._bn1(self._conv_head(maps)))
        colours = colour_histogram(pixels) * self.levels.colours
        return torch.cat([maps.mean(dim=(2, 3)), *pooled, colours], dim=1)


def colour_histogram(pixels: Tensor) -> Tensor:
    """(B, 3, s, s) of about -1 to 1 -> (B, bins^3): the share of each colour, one between bins being shared.

    The bins of a channel are evenly spaced, and a value counts for the two it lies between by its nearness.
    """
    small = nn.functional.avg_pool2d(pixels, _COLOUR_GRID).flatten(2)  # (B, 3, n)
    step = 2 / (COLOUR_BINS - 1)
    centres = torch.linspace(-1, 1, COLOUR_BINS).view(1, 1, COLOUR_BINS, 1)
    near = torch.relu(1 - (small.unsqueeze(2) - centres).abs() / step)  # (B, 3, bins, n)
    red, green, blue = near[:, 0], near[:, 1], near[:, 2]
    red_green = (red.unsqueeze(2) * green.unsqueeze(1)).flatten(1, 2)  # (B, bins^2, n)
    return (red_green @ blue.transpose(1, 2)).flatten(1) / small.shape[2]


def with_levels(backbone: PhotoBackbone) -> PhotoBackbone:
    """A packaged network as it is exported; any other backbone as it is."""
    if type(backbone.network) is not EfficientNetLite or backbone.name not in LEVELS:
        return backbone
    network = LeveledLite(backbone.network.stages, LEVELS[backbone.name])
    network.load_state_dict(backbone.network.state_dict())
    return replace(backbone, network=network.eval(), dimension=network.dimension)


def part_widths(backbone: str) -> tuple[int, ...] | None:
    """How many of the stored features each part has, the last layer first; None where they are one part."""
    if backbone not in LEVELS:
        return None
    stages = LITE_STAGES[backbone]
    return (FEATURES, *(stages[stage].channels for stage in LEVELS[backbone].stages), COLOUR_BINS**3)


def last_layer_width(backbone: str) -> int | None:
    """How many of the stored features, from the first, are the last layer's; None where all are."""
    return FEATURES if backbone in LEVELS else None
