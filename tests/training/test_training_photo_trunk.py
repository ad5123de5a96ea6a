"""A backbone cut in two says what it said whole, and only what it should is trained."""

import numpy as np
import pytest
import torch
from torch import nn
from transformers import (
    ConvNextImageProcessor,
    Dinov2Config,
    Dinov2Model,
    ResNetConfig,
    ResNetModel,
)

from bowerbird.encoding.photo_preparation import Fit, PhotoPreparation, Resample
from bowerbird.errors import InputError
from bowerbird.training.networks import EfficientNetLite
from bowerbird.training.photo_backbone import PhotoBackbone
from bowerbird.training.photo_trunk import cut_trunk, scratch_backbone
from bowerbird.training.pretrained import PooledPhoto

PREPARATION = PhotoPreparation(64, Fit.SQUASH, 64, Resample.BILINEAR, (127.0,) * 3, (128.0,) * 3)


def lite0():
    torch.manual_seed(1)
    return PhotoBackbone("lite0", EfficientNetLite().eval(), 1280, PREPARATION)


def resnet():
    torch.manual_seed(1)
    model = ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16, 24], depths=[1, 2, 1]))
    return PhotoBackbone("resnet", PooledPhoto(model, has_pooler=True).eval(), 24, PREPARATION)


def dinov2():
    torch.manual_seed(1)
    config = Dinov2Config(
        hidden_size=16, num_hidden_layers=3, num_attention_heads=2, image_size=64, patch_size=16
    )
    return PhotoBackbone("dinov2", PooledPhoto(Dinov2Model(config), has_pooler=True).eval(), 16, PREPARATION)


def trainable(*modules):
    return sum(one.numel() for module in modules for one in module.parameters() if one.requires_grad)


@pytest.mark.parametrize("make", [lite0, resnet, dinov2])
@pytest.mark.parametrize("unfreeze", ["none", "1", "2", "all"])
def test_the_halves_say_what_the_whole_says(make, unfreeze):
    backbone = make()
    pixels = backbone.example(rows=2)[0]
    with torch.inference_mode():
        expected = backbone.network(pixels)
        cut = cut_trunk(backbone, unfreeze)
        torch.testing.assert_close(cut.back(cut.front(pixels)), expected)
    assert trainable(cut.front) == 0
    assert (trainable(cut.back) == 0) is (unfreeze == "none")


def test_more_blocks_are_more_weights_and_all_is_every_weight():
    counts = [trainable(cut_trunk(lite0(), unfreeze).back) for unfreeze in ("none", "1", "5", "16", "all")]
    assert counts == sorted(set(counts))
    assert counts[-1] == sum(one.numel() for one in lite0().network.parameters())


def test_a_transformers_first_layers_and_patches_are_frozen():
    backbone = dinov2()
    cut_trunk(backbone, "1")
    frozen = {name for name, one in backbone.network.named_parameters() if not one.requires_grad}
    assert any("embeddings" in name for name in frozen)
    assert {name.split("layer.")[1][0] for name in frozen if "layer." in name} == {"0", "1"}
    assert not any(name.startswith("model.layernorm") for name in frozen)


def test_what_is_trained_is_what_the_backbone_carries():
    backbone = lite0()
    cut = cut_trunk(backbone, "1")
    with torch.no_grad():
        next(cut.back.parameters()).add_(1)
    pixels = backbone.example(rows=2)[0]
    with torch.inference_mode():
        torch.testing.assert_close(cut.back(cut.front(pixels)), backbone.network(pixels))


@pytest.mark.parametrize(("make", "blocks"), [(lite0, 16), (resnet, 3), (dinov2, 3)])
def test_more_blocks_than_there_are_is_refused(make, blocks):
    with pytest.raises(InputError, match=f"has {blocks} blocks, but unfreeze={blocks + 1} was given"):
        cut_trunk(make(), str(blocks + 1))
    cut_trunk(make(), str(blocks))


def test_the_network_from_scratch_follows_from_its_seed():
    one, same, other = (scratch_backbone(32, seed).network for seed in (1, 1, 2))
    pixels = torch.ones(2, 3, 32, 32)
    with torch.inference_mode():
        assert torch.equal(one.eval()(pixels), same.eval()(pixels))
        assert not torch.equal(one(pixels), other.eval()(pixels))
    assert one(pixels).shape == (2, 256)
    with pytest.raises(InputError, match="size=8 is below 16"):
        scratch_backbone(8, 0)


def test_a_checkpoints_processor_is_not_needed_to_cut_it(tmp_path):
    from bowerbird.training.photo_backbone import load_photo_backbone

    resnet().network.model.save_pretrained(tmp_path)
    ConvNextImageProcessor(size={"shortest_edge": 64}).save_pretrained(tmp_path)
    backbone = load_photo_backbone(str(tmp_path)).resized(32)
    # At 64 a ResNet cuts the middle out of int(64 / 0.875) = 73 pixels; 36 are half of that.
    assert (backbone.preparation.size, backbone.preparation.scale_to) == (32, 36)
    assert isinstance(cut_trunk(backbone, "2").front, nn.Sequential)
    assert np.isfinite(backbone.preparation.mean).all()
