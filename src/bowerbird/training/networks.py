"""The packaged photo networks in plain torch: EfficientNet-Lite, frozen ImageNet features.

In: (B, 3, s, s) float32 pixels, (RGB - 127) / 128. Out: (B, 1280) pooled features, before the classifier.
The Lite variants drop squeeze-excitation, use ReLU6 for swish and keep stem and head unscaled (Tan & Le,
EfficientNet, ICML 2019; Liu, 'Higher accuracy on vision models with EfficientNet-Lite', 2020).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

# TensorFlow's defaults, under which the packaged weights were trained.
_EPSILON = 1e-3
FEATURES = 1280


class Stage(NamedTuple):
    """A run of equal blocks; only the first one strides."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


LITE0_STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def lite_stages(width: float, depth: float) -> tuple[Stage, ...]:
    """Lite0's stages with `width` times the channels, in eights, and `depth` times the blocks.

    The first and the last stage keep their one block, as the published variants do.
    """
    last = len(LITE0_STAGES) - 1
    return tuple(
        stage._replace(
            blocks=stage.blocks if number in (0, last) else math.ceil(depth * stage.blocks),
            channels=_in_eights(width * stage.channels),
        )
        for number, stage in enumerate(LITE0_STAGES)
    )


def _in_eights(channels: float) -> int:
    """The nearest multiple of 8 that is no more than a tenth below."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


def same_padding(kernel: int, stride: int) -> nn.ZeroPad2d:
    """TensorFlow's 'same' padding for sides that are a multiple of `stride`: the odd pixel goes last."""
    total = kernel - stride
    before, after = total // 2, total - total // 2
    return nn.ZeroPad2d((before, after, before, after))


class InvertedResidual(nn.Module):
    """Expand, filter by depth, project; added to its input where the shapes agree (MobileNetV2, 2018).

    Attributes carry the checkpoint's names so that it loads strictly.
    """

    def __init__(self, channels_in: int, stage: Stage, stride: int) -> None:
        super().__init__()
        wide = channels_in * stage.expansion
        self.expands = stage.expansion > 1
        if self.expands:
            self._expand_conv = nn.Conv2d(channels_in, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=_EPSILON)
        # Without a stride the padding is even, and the convolution's own spares a copy of the maps.
        even = (stage.kernel - 1) // 2 if stride == 1 else 0
        self.pad = nn.Identity() if even else same_padding(stage.kernel, stride)
        self._depthwise_conv = nn.Conv2d(
            wide, wide, stage.kernel, stride, padding=even, groups=wide, bias=False
        )
        self._bn1 = nn.BatchNorm2d(wide, eps=_EPSILON)
        self._project_conv = nn.Conv2d(wide, stage.channels, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(stage.channels, eps=_EPSILON)
        self.skips = stride == 1 and channels_in == stage.channels

    def forward(self, maps: Tensor) -> Tensor:
        """(B, channels_in, h, w) -> (B, channels, h / stride, w / stride)."""
        hidden: Tensor = maps
        if self.expands:
            hidden = nn.functional.relu6(self._bn0(self._expand_conv(hidden)))
        hidden = nn.functional.relu6(self._bn1(self._depthwise_conv(self.pad(hidden))))
        hidden = self._bn2(self._project_conv(hidden))
        return hidden + maps if self.skips else hidden


class EfficientNetLite(nn.Module):
    """Pixels to pooled features. Sides must be a multiple of 32."""

    def __init__(self, stages: Sequence[Stage] = LITE0_STAGES) -> None:
        super().__init__()
        self.stages = tuple(stages)
        self.pad = same_padding(kernel=3, stride=2)
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=_EPSILON)
        blocks, channels = [], 32
        for stage in stages:
            for position in range(stage.blocks):
                blocks.append(InvertedResidual(channels, stage, stage.stride if position == 0 else 1))
                channels = stage.channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(channels, FEATURES, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(FEATURES, eps=_EPSILON)

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 3, s, s) float32 -> (B, 1280) float32, none below 0."""
        maps = nn.functional.relu6(self._bn0(self._conv_stem(self.pad(pixels))))
        for block in self._blocks:
            maps = block(maps)
        maps = nn.functional.relu6(self._bn1(self._conv_head(maps)))
        return maps.mean(dim=(2, 3))

    def load_checkpoint(self, weights: dict[str, Tensor]) -> None:
        """Take the packaged weights, all of them but the ImageNet classifier's.

        Raises:
            RuntimeError: a name is missing, left over or of another shape.
        """
        features = {name: tensor for name, tensor in weights.items() if not name.startswith("_fc.")}
        self.load_state_dict(features, strict=True)


def mean_pool(hidden: Tensor, mask: Tensor) -> Tensor:
    """(B, d) unit vectors: the mean of the (B, T, d) states where the mask is 1 (Sentence-BERT, 2019)."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-9)
    return unit(mean)


def unit(vectors: Tensor) -> Tensor:
    """`vectors` at length 1; a zero vector stays zero."""
    lengths = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True).clamp(min=1e-12)
    return torch.div(vectors, lengths)
