"""Random changes that leave a photo's category what it is, drawn for each photo of a batch.

In: (B, 3, h, w) float32 in [0, 1]; out: (B, 3, size, size) in [0, 1].
"""

import torch
from kornia.augmentation import (
    AugmentationSequential,
    ColorJitter,
    RandomErasing,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
)
from torch import Tensor, nn

# Photos are read this much larger than the network's input, so that a crop loses little sharpness.
MARGIN = 8 / 7


class Augmentation(nn.Module):
    """Crop and resize, mirror, colour, a slight turn, and a patch of noise, all growing with `strength`.

    At strength 0 photos are only resized. Crops keep at least 1 - 0.8 x strength of the area; erasing is that
    of Zhong et al. (2020). All is drawn from torch's own generator.
    """

    def __init__(self, size: int, strength: float) -> None:
        super().__init__()
        self.size = size
        colour = 0.4 * strength
        self.random = None
        if strength > 0:
            self.random = AugmentationSequential(
                RandomResizedCrop(
                    (size, size),
                    scale=(1 - 0.8 * strength, 1.0),
                    ratio=(3 / 4, 4 / 3),
                    cropping_mode="resample",
                ),
                RandomHorizontalFlip(),
                ColorJitter(colour, colour, colour, 0.0, p=0.8),
                RandomRotation(20 * strength, p=0.5),
                RandomErasing(p=0.5 * strength, scale=(0.02, 0.2)),
                data_keys=["input"],
            )

    def forward(self, photos: Tensor) -> Tensor:
        """(B, 3, h, w) -> (B, 3, size, size), both float32 in [0, 1]."""
        # The parameters of a transform need full precision, whatever the network computes in.
        with torch.no_grad(), torch.autocast(photos.device.type, enabled=False):
            if self.random is not None:
                changed: Tensor = self.random(photos)
                return changed.clamp(0, 1)
            return resized(photos, self.size)


def resized(photos: Tensor, size: int) -> Tensor:
    """`photos` at (size, size); untouched where they are."""
    if photos.shape[-2:] == (size, size):
        return photos
    return nn.functional.interpolate(photos, (size, size), mode="bilinear", antialias=True)
