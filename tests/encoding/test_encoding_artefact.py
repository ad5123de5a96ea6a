"""Exported networks on disk: found, checked, and told apart."""

import json
import shutil

import pytest

from bowerbird.encoding.artefact import find_artefact, load_artefact
from bowerbird.errors import MismatchError, NotFoundError, UnavailableError


@pytest.fixture
def copy(photo_artefact, tmp_path):
    """The photo export in a models folder of its own."""
    folder = tmp_path / "models" / "photo" / photo_artefact.fingerprint
    shutil.copytree(photo_artefact.folder, folder)
    return folder


def edit(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_an_export_is_found_by_name_and_by_fingerprint(exported_models, text_artefact):
    assert text_artefact.folder.name == text_artefact.fingerprint
    assert len(text_artefact.fingerprint) == 16
    assert find_artefact(exported_models, "text", text_artefact.fingerprint) == text_artefact
    assert load_artefact(text_artefact.folder) == text_artefact
    assert text_artefact.config.dimension == 384


def test_precision_and_settings_are_part_of_the_fingerprint(text_artefact):
    fingerprints = {
        text_artefact.fingerprint,
        text_artefact.fingerprint_at("f32"),
        text_artefact.fingerprint_at("bf16"),
        text_artefact.fingerprint_at("f32", 128),
        text_artefact.fingerprint_at("f32", 64),
    }
    assert len(fingerprints) == 5
    assert all(len(fingerprint) == 16 for fingerprint in fingerprints)


def test_preparation_is_part_of_the_fingerprint_and_the_name_is_not(copy, photo_artefact):
    edit(copy, backbone="another name")
    assert load_artefact(copy).fingerprint == photo_artefact.fingerprint
    preparation = json.loads((copy / "config.json").read_text())["preparation"]
    edit(copy, preparation=preparation | {"fit": "crop"})
    assert load_artefact(copy).fingerprint != photo_artefact.fingerprint


def test_what_was_never_exported_says_what_to_run(tmp_path, exported_models):
    with pytest.raises(
        UnavailableError, match=r"'efficientnet-lite2' is not exported .*run `bowerbird encode`"
    ):
        find_artefact(tmp_path, "photo", "efficientnet-lite2")
    with pytest.raises(UnavailableError, match="'efficientnet-lite2' is not exported"):
        find_artefact(exported_models, "text", "efficientnet-lite2")


def test_two_exports_of_one_name_must_be_told_apart(copy):
    other = copy.with_name("0123456789abcdef")
    shutil.copytree(copy, other)
    with pytest.raises(MismatchError, match=f"2 exports .*{other.name}, {copy.name}; name the one"):
        find_artefact(copy.parent.parent, "photo", "efficientnet-lite2")
    assert find_artefact(copy.parent.parent, "photo", other.name).folder == other


def test_an_unfinished_export_is_not_seen(copy):
    shutil.copytree(copy, copy.with_name(".export-1"))
    assert find_artefact(copy.parent.parent, "photo", "efficientnet-lite2").folder == copy


def test_a_changed_or_missing_network_is_refused(copy):
    network = copy / "network.onnx"
    data = bytearray(network.read_bytes())
    data[-100] ^= 1
    network.write_bytes(data)
    with pytest.raises(MismatchError, match="is not the file that was exported"):
        load_artefact(copy)
    network.unlink()
    with pytest.raises(NotFoundError, match=r"network\.onnx is missing"):
        load_artefact(copy)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"format": 99}, "format 99 where 1 is read"),
        ({"kind": "sound"}, "sound"),
        ({"preparation": {}}, "mean"),
        ({"preparation": {"max_length": 3}}, "mean"),
        ({"dimension": "many"}, "many"),
    ],
)
def test_a_damaged_config_is_refused(copy, values, reason):
    edit(copy, **values)
    with pytest.raises(MismatchError, match=f"is not a network config .*{reason}.*run `bowerbird encode`"):
        load_artefact(copy)


def test_a_config_that_is_no_json_or_not_there_is_refused(copy):
    (copy / "config.json").write_text("{")
    with pytest.raises(MismatchError, match="is not a network config"):
        load_artefact(copy)
    (copy / "config.json").unlink()
    with pytest.raises(NotFoundError, match="holds no exported network"):
        load_artefact(copy)
