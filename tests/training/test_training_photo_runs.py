"""`bowerbird train photo` and `export embeddings`, from a home and a folder, as a newcomer meets them."""

import csv
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from typer.testing import CliRunner

import known_market
from bowerbird.assembly import open_catalogue
from bowerbird.cli import app
from bowerbird.encoding.artefact import load_artefact
from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.encoding.learned_photo import photo_classifier_artefact
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.errors import BowerbirdError, InputError, UnavailableError
from bowerbird.evaluation.predictions import read_predictions
from bowerbird.progress import Silent
from bowerbird.settings import load_settings
from bowerbird.storage.model_registry import active_model, list_models
from bowerbird.training.photo_baselines import baseline_probabilities
from bowerbird.training.photo_folder import read_photo_folder
from bowerbird.training.training_data import Part

FROZEN = ("--epochs", "12", "--batch-size", "8", "--learning-rate", "0.003", "--precision", "f32")
SCRATCH = (
    "--architecture", "scratch", "--size", "32", "--epochs", "6", "--batch-size", "16", "--learning-rate",
    "0.003", "--augmentation", "0", "--precision", "f32",
)  # fmt: skip


def run(*arguments):
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.stderr
    return result


def figure(report, name, system="photo classifier"):
    return next(one["value"] for one in report["figures"] if (one["name"], one["system"]) == (name, system))


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder_report(photo_folder, tmp_path_factory):
    """What training on a folder says; its home and the CSV it wrote."""
    home = tmp_path_factory.mktemp("folder") / "home"
    predictions = home / "predicted.csv"
    said = run(
        "train", "photo", "--folder", photo_folder, "--home", home, *SCRATCH, "--baselines",
        "--predict", predictions, "--export-backbone", "--json",
    )  # fmt: skip
    return json.loads(said.stdout), home, predictions


def test_a_folder_is_learned(folder_report):
    report, _, _ = folder_report
    assert figure(report, "accuracy") >= 0.6  # a kind in six, by chance, is 0.17
    assert figure(report, "top-3") >= 0.8
    assert {one["system"] for one in report["figures"]} == {
        "photo classifier",
        "logistic regression on pixels",
        "SVC on pixels",
    }
    assert not report["active"]


def test_predictions_are_of_the_test_folder_and_what_is_measured(folder_report, photo_folder):
    report, _, predictions = folder_report
    with predictions.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    paths = [row["path"] for row in rows]
    assert paths == [
        path.relative_to(photo_folder).as_posix() for path in sorted((photo_folder / "test").rglob("*.jpg"))
    ]
    right = [row["path"].split("/")[1] == row["label"] for row in rows]
    assert np.mean(right) == pytest.approx(figure(report, "accuracy"))
    chances = [float(row["probability"]) for row in rows]
    assert all(1 / 6 <= one <= 1 for one in chances)


def test_a_model_is_whole_and_says_what_it_is(folder_report):
    report, home, _ = folder_report
    (model,) = list_models(load_settings(home).models, LearnedKind.PHOTO_CLASSIFIER)
    assert model.fingerprint == report["model"]
    assert model.config["classes"] == sorted(known_market.KINDS)
    card = (model.folder / "card.md").read_text("utf-8")
    assert "96 train, 48 validation, 48 test photos" in card
    curve = model.metrics["plots"]["learning_curve"]
    assert [row["epoch"] for row in curve] == list(range(1, len(curve) + 1))
    kept = read_predictions(model.folder)
    assert kept.measures["correct"].mean() == pytest.approx(figure(report, "accuracy"))
    assert sum(map(sum, model.metrics["plots"]["confusion"]["counts"])) == 48


def test_the_fine_tuned_backbone_is_a_photo_encoder(folder_report):
    report, home, _ = folder_report
    artefact = load_artefact(load_settings(home).models / "photo" / report["backbone"])
    features = PhotoEncoder(artefact, "f32").encode([np.asarray(known_market.draw("red-sofa"))])
    assert features.shape == (1, 256)


@pytest.fixture(scope="module")
def trained_home(indexed_home, tmp_path_factory):
    """A home whose photo classifier was trained on frozen features, and what that said."""
    home = Path(shutil.copytree(indexed_home, tmp_path_factory.mktemp("photo") / "home"))
    report = json.loads(run("train", "photo", "--home", home, *FROZEN, "--json").stdout)
    return home, report


def test_a_home_is_learned_from_stored_features(trained_home):
    home, report = trained_home
    settings = load_settings(home)
    assert figure(report, "accuracy") > 0.5  # always the commonest root is right for half of them
    model = active_model(settings.models, LearnedKind.PHOTO_CLASSIFIER)
    assert model.fingerprint == report["model"]
    assert model.config["classes"] == ["Home & Garden", "Music", "Sports"]
    assert not (home / "runs/photo/frozen").exists(), "photos were read, though their features are stored"


def test_embeddings_are_what_the_network_says(trained_home, tmp_path):
    home, _ = trained_home
    settings = load_settings(home)
    to = tmp_path / "out" / "image_embeddings.json"
    said = run("export", "embeddings", "--to", to, "--home", home)
    assert "wrote 1,000 features of each of 48 photos" in said.stdout.replace("\n", " ")
    found = json.loads(to.read_text("utf-8"))
    catalogue = open_catalogue(settings)
    photos = [photo for batch in catalogue.scan() for listing in batch for photo in listing.photos]
    catalogue.close()
    assert set(found) == {photo.photo_id for photo in photos}
    encoder = PhotoEncoder(
        photo_classifier_artefact(active_model(settings.models, LearnedKind.PHOTO_CLASSIFIER)), "f32"
    )
    one = photos[7]
    data = (
        home / "photos" / one.content_hash[:2] / one.content_hash[2:4] / f"{one.content_hash}.jpg"
    ).read_bytes()
    np.testing.assert_allclose(found[one.photo_id], encoder.encode([data])[0], atol=1e-4)
    assert [path.name for path in to.parent.iterdir()] == [to.name]


def test_without_a_classifier_there_are_no_embeddings(indexed_home, tmp_path):
    with pytest.raises(
        UnavailableError, match=r"no photo classifier is in use .* run `bowerbird train photo`"
    ):
        run("export", "embeddings", "--to", tmp_path / "e.json", "--home", indexed_home)


def test_a_teacher_is_read_and_heeded(trained_home, tmp_path):
    home, before = trained_home
    ids = known_market.listing_ids()
    wrong = pl.DataFrame({"listing_id": ids, "Home & Garden": 0.0, "Music": 0.0, "Sports": 1.0})
    wrong.write_parquet(tmp_path / "teacher.parquet")
    said = run(
        "train", "photo", "--home", home, "--name", "taught", *FROZEN, "--teacher-weight", "1", "--teacher",
        tmp_path / "teacher.parquet", "--predict", tmp_path / "p.csv", "--json",
    )  # fmt: skip
    with (tmp_path / "p.csv").open(encoding="utf-8") as file:
        labels = Counter(row["label"] for row in csv.DictReader(file))
    assert set(labels) == {"Sports"}
    assert json.loads(said.stdout)["model"] != before["model"]
    wrong.drop("Music").write_parquet(tmp_path / "short.parquet")
    with pytest.raises(InputError, match="holds no teacher"):
        run(
            "train", "photo", "--home", home, "--name", "short", "--teacher-weight", "1", "--teacher",
            tmp_path / "short.parquet",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--folder", ".", "--teacher-weight", "0.5"), "which a folder of photos lacks"),
        (("--export-backbone",), "--export-backbone needs a trained backbone"),
        (("--unfreeze", "22"), "has 21 blocks, but unfreeze=22 was given"),
        (("--epochs", "0"), "epochs must lie between 1 and 10000"),
        (("--architecture", "no/such-network"), "the network 'no/such-network' cannot be loaded"),
        (("--architecture", "efficientnet-lite3"), "packaged are efficientnet-lite2 and efficientnet-lite0"),
        (("--settings-from", "nowhere.json"), "there are no settings at nowhere.json"),
        (("--folder", "nowhere"), "there is no folder .*/nowhere"),
        (("--home", "nowhere"), "there is no market at nowhere"),
    ],
)
def test_what_a_newcomer_gets_wrong_is_told(trained_home, arguments, message, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    home = () if "--home" in arguments else ("--home", trained_home[0])
    with pytest.raises(BowerbirdError, match=message):
        run("train", "photo", *home, "--name", "wrong", *arguments)


def test_a_market_without_categories_cannot_be_learned(exported_models, tmp_path):
    source = known_market.write_source(tmp_path / "source")
    table = pl.read_csv(source).drop("category")
    table.write_csv(source)
    home = tmp_path / "home"
    shutil.copytree(exported_models, home / "models")
    run("import", source, "--photos", source.parent / "photos", "--home", home)
    with pytest.raises(InputError, match="needs at least two classes, but there is 0: no photo has one"):
        run("train", "photo", "--home", home)


def test_baselines_learn_what_pixels_show(photo_folder):
    photos = read_photo_folder(photo_folder, Silent(), seed=0)
    colours = sorted(known_market.COLOURS)
    labels = np.array([colours.index(name.split("/")[2].split("-")[0]) for name in photos.names])
    by_colour = replace(photos, classes=tuple(colours), labels=labels)
    rows = photos.rows(Part.TEST)
    for name, chances in baseline_probabilities(by_colour, rows, Silent(), seed=0).items():
        assert (chances.argmax(axis=1) == labels[rows]).mean() >= 0.8, name
        np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)


def test_an_interrupted_first_epoch_blocks_no_name(photo_folder, tmp_path):
    home = tmp_path / "home"
    arguments = ("train", "photo", "--folder", photo_folder, "--home", home, "--name", "one", *SCRATCH)
    with pytest.raises(BowerbirdError, match="cannot be loaded"):
        run(*arguments, "--architecture", str(tmp_path / "nothing"))
    run(*arguments, "--epochs", "1")
