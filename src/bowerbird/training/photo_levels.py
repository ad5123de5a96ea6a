"""The packaged photo network read at several depths, beside the colours of the photo.

Two photos of one object share textures, colours and a background, which the last layer of a classifier has
learned to look past. So what is exported is the pooled last layer, then the pooled ends of four stages in
front of it (as hypercolumns are: Hariharan et al., CVPR 2015), then a soft colour histogram. Each further
part is scaled so that after the square root it varies as much as the last layer does, and whitening weighs
them alike. Over 10,757 photos of the real market same-listing R@1 is 0.392 from the last layer alone and 0.52
from all.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from bowerbird.training.networks import LITE0_STAGES, EfficientNetLite
from bowerbird.training.photo_backbone import PACKAGED_PHOTO, PhotoBackbone

COLOUR_BINS = 6  # a channel
_COLOUR_GRID = 4  # pixels of a side that are averaged before they are counted
# By stage of LITE0_STAGES, counted from 0: what its pooled end is multiplied with.
LEVEL_SCALES = {3: 1.6, 4: 1.4, 5: 0.45, 6: 0.4}
COLOUR_SCALE = 500.0


class LeveledLite0(EfficientNetLite):
    """`EfficientNetLite`, weights and their names included, that answers more than its last layer."""

    @property
    def dimension(self) -> int:
        """Columns of what `forward` answers."""
        levels = sum(LITE0_STAGES[stage].channels for stage in LEVEL_SCALES)
        return self._conv_head.out_channels + levels + COLOUR_BINS**3

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 3, s, s) float32 -> (B, 2200) float32; the first 1280 are the last layer's."""
        maps = nn.functional.relu6(self._bn0(self._conv_stem(self.pad(pixels))))
        levels: list[Tensor] = []
        blocks = iter(self._blocks)
        for number, stage in enumerate(LITE0_STAGES):
            for _ in range(stage.blocks):
                maps = next(blocks)(maps)
            if number in LEVEL_SCALES:
                levels.append(maps.mean(dim=(2, 3)) * LEVEL_SCALES[number])
        maps = nn.functional.relu6(self._bn1(self._conv_head(maps)))
        colours = colour_histogram(pixels) * COLOUR_SCALE
        return torch.cat([maps.mean(dim=(2, 3)), *levels, colours], dim=1)


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
    """EfficientNet-Lite0, as it is exported; any other backbone as it is."""
    if type(backbone.network) is not EfficientNetLite or backbone.name != PACKAGED_PHOTO:
        return backbone
    network = LeveledLite0()
    network.load_state_dict(backbone.network.state_dict())
    return replace(backbone, network=network.eval(), dimension=network.dimension)
