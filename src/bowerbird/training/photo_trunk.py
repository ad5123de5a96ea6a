"""A photo network cut in two: a front that stays as it was, and a back that is trained.

`cut_trunk(backbone, "4")` freezes all but the last 4 blocks (and what comes after them). A block is one of
EfficientNet-Lite0's 16 inverted residuals, one of a ResNet's 4 stages, or one layer of a transformer. What
the front says of a photo never changes, so `photo_views` can keep it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bowerbird.encoding.photo_preparation import Fit, PhotoPreparation, Resample
from bowerbird.errors import InputError
from bowerbird.training.networks import EfficientNetLite
from bowerbird.training.photo_backbone import PhotoBackbone, load_photo_backbone
from bowerbird.training.photo_training import SCRATCH, PhotoTraining
from bowerbird.training.pretrained import PooledPhoto

SCRATCH_SIZE = 64
_SCRATCH_CHANNELS = (32, 64, 128, 256)


class ScratchNetwork(nn.Sequential):
    """Four times convolution, batch normalisation, ReLU and halving: (B, 3, s, s) -> (B, 256)."""

    def __init__(self) -> None:
        blocks: list[nn.Module] = []
        for channels_in, channels in zip((3, *_SCRATCH_CHANNELS), _SCRATCH_CHANNELS, strict=False):
            blocks += [
                nn.Conv2d(channels_in, channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
        super().__init__(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def scratch_backbone(size: int | None, seed: int) -> PhotoBackbone:
    """The network with random weights that follow from `seed`; its input side is `size` or 64."""
    side = size or SCRATCH_SIZE
    if side < 2 ** len(_SCRATCH_CHANNELS):
        raise InputError(f"the network from scratch halves its input 4 times: size={side} is below 16")
    torch.manual_seed(seed)
    preparation = PhotoPreparation(side, Fit.SQUASH, side, Resample.BILINEAR, (127.5,) * 3, (64.0,) * 3)
    return PhotoBackbone("scratch", ScratchNetwork(), _SCRATCH_CHANNELS[-1], preparation)


def load_architecture(training: PhotoTraining) -> PhotoBackbone:
    """The backbone that `training` names, its input side changed where `training` says so."""
    if training.architecture == SCRATCH:
        return scratch_backbone(training.input_size, training.seed)
    backbone = load_photo_backbone(training.architecture)
    return backbone if training.input_size is None else backbone.resized(training.input_size)


@dataclass(frozen=True, slots=True, eq=False)
class CutTrunk:
    """`back(front(pixels))` is what the backbone computes; `front` has no trainable parameter."""

    front: nn.Module
    back: nn.Module

    @property
    def has_front(self) -> bool:
        """Whether anything is computed in front."""
        return not isinstance(self.front, nn.Identity)


def cut_trunk(backbone: PhotoBackbone, unfreeze: str, *, depthwise: bool = True) -> CutTrunk:
    """`backbone` cut before what `unfreeze` (none, all or the number of last blocks) trains.

    Transformers are not cut: their front is empty, and the parameters of their first layers are frozen.

    Args:
        backbone: its network's parameters are frozen or made trainable in place.
        unfreeze: none, all or the number of last blocks.
        depthwise: False leaves the depthwise filters as they were: a CPU spends half of a step on their
            gradients, and they are few.

    Raises:
        InputError: there are fewer blocks.
    """
    cut = _cut(backbone, unfreeze)
    if not depthwise:
        for module in cut.back.modules():
            if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
                module.weight.requires_grad_(False)
    return cut


def _cut(backbone: PhotoBackbone, unfreeze: str) -> CutTrunk:
    network = backbone.network
    if unfreeze == "none":
        return CutTrunk(_frozen(network), nn.Identity())
    if unfreeze == "all":
        return CutTrunk(nn.Identity(), _trainable(network))
    wanted = int(unfreeze)
    parts = _sequence(network)
    blocks = _layers(network) if parts is None else parts[1:-1]
    if wanted > len(blocks):
        raise InputError(
            f"'{backbone.name}' has {len(blocks)} blocks, but unfreeze={wanted} was given; give all for the "
            "whole network"
        )
    if parts is None:
        return CutTrunk(nn.Identity(), _partly_frozen(network, blocks, wanted))
    at = len(parts) - 1 - wanted
    return CutTrunk(_frozen(nn.Sequential(*parts[:at])), _trainable(nn.Sequential(*parts[at:])))


class _LiteStem(nn.Module):
    def __init__(self, network: EfficientNetLite) -> None:
        super().__init__()
        self.pad, self.convolution, self.norm = network.pad, network._conv_stem, network._bn0  # noqa: SLF001

    def forward(self, pixels: Tensor) -> Tensor:
        return nn.functional.relu6(self.norm(self.convolution(self.pad(pixels))))


class _LiteHead(nn.Module):
    def __init__(self, network: EfficientNetLite) -> None:
        super().__init__()
        self.convolution, self.norm = network._conv_head, network._bn1  # noqa: SLF001

    def forward(self, maps: Tensor) -> Tensor:
        return nn.functional.relu6(self.norm(self.convolution(maps))).mean(dim=(2, 3))


def _sequence(network: nn.Module) -> list[nn.Module] | None:
    """The network as parts to run one after the other: a stem, the blocks, a head; None where it is none."""
    if isinstance(network, EfficientNetLite):
        return [_LiteStem(network), *network._blocks, _LiteHead(network)]  # noqa: SLF001 - names of its file
    if isinstance(network, PooledPhoto):
        model: Any = network.model
        stages = getattr(getattr(model, "encoder", None), "stages", None)
        if isinstance(stages, nn.ModuleList) and model.config.model_type == "resnet":
            return [model.embedder, *stages, nn.Sequential(model.pooler, nn.Flatten())]
    return None


def _layers(network: nn.Module) -> list[nn.Module]:
    """The longest list of modules in `network`: a transformer's layers."""
    lists = [list(one) for one in network.modules() if isinstance(one, nn.ModuleList)]
    return max(lists, key=len, default=[])


def _partly_frozen(network: nn.Module, blocks: Sequence[nn.Module], wanted: int) -> nn.Module:
    """`network` with only its last `wanted` blocks, and what is registered after them, trainable."""
    _frozen(network)
    for block in blocks[len(blocks) - wanted :]:
        _trainable(block)
    own = {id(one) for block in blocks for one in block.parameters()}
    after = False
    for parameter in network.parameters():
        after = after or id(parameter) in own
        if after and id(parameter) not in own:
            parameter.requires_grad_(True)
    return network


def _frozen(network: nn.Module) -> nn.Module:
    return network.eval().requires_grad_(False)


def _trainable(network: nn.Module) -> nn.Module:
    return network.requires_grad_(True)
