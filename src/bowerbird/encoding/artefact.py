"""An exported network on disk: a folder with network.onnx, config.json and, for words, tokenizer.json.

`models/<kind>/<fingerprint>/`. The fingerprint covers the weights, the tokenizer and the preparation; the
precision joins it when the network is compiled (`fingerprint_at`). Nothing in the folder is executable.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bowerbird.encoding.photo_preparation import Fit, PhotoPreparation, Resample
from bowerbird.encoding.text_preparation import TextPreparation
from bowerbird.errors import InputError, MismatchError, NotFoundError, UnavailableError

NETWORK_FILE = "network.onnx"
CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
FORMAT = 1
# Encoding exports the backbones that the home lacks.
EXPORT_COMMAND = "bowerbird encode"


class Kind(StrEnum):
    """What a network reads."""

    PHOTO = "photo"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ArtefactConfig:
    """What config.json says; the digests are SHA-256 of the files and of the weights before the export."""

    backbone: str
    dimension: int
    preparation: PhotoPreparation | TextPreparation
    network_sha256: str
    source_sha256: str
    tokenizer_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Artefact:
    """One exported network, checked."""

    folder: Path
    kind: Kind
    fingerprint: str  # 16 hexadecimal digits
    config: ArtefactConfig

    @property
    def network_path(self) -> Path:
        """The ONNX file."""
        return self.folder / NETWORK_FILE

    @property
    def tokenizer_path(self) -> Path:
        """The tokenizer of a text network."""
        return self.folder / TOKENIZER_FILE

    def fingerprint_at(self, precision: str, *parts: object) -> str:
        """16 hexadecimal digits for this network at `precision` (f32 or bf16) and further settings."""
        return digest(self.fingerprint, precision, *parts)


def digest(*parts: object) -> str:
    """16 hexadecimal digits of the SHA-256 of `parts`, any JSON values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def config_fingerprint(kind: Kind, config: ArtefactConfig) -> str:
    """16 hexadecimal digits of the weights, the tokenizer and the preparation, whatever their name."""
    return digest(kind, config.network_sha256, config.tokenizer_sha256, asdict(config.preparation))


def write_config(folder: Path, kind: Kind, config: ArtefactConfig) -> None:
    """Write config.json into `folder`."""
    text = json.dumps({"format": FORMAT, "kind": kind, **asdict(config)}, indent=2) + "\n"
    (folder / CONFIG_FILE).write_text(text, encoding="utf-8")


def read_config(folder: Path) -> tuple[Kind, ArtefactConfig]:
    """The kind and the config of `folder`, without looking at the network.

    Raises:
        NotFoundError: there is no config.json.
        MismatchError: it is damaged or of another format.
    """
    path = folder / CONFIG_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise ValueError(f"format {values['format']} where {FORMAT} is read")
        kind = Kind(values["kind"])
        return kind, _parse(kind, values)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(
            f"{folder} holds no exported network: {CONFIG_FILE} is not there; run `{EXPORT_COMMAND}`"
        ) from error
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise MismatchError(
            f"{path} is not a network config ({error}); delete the folder and run `{EXPORT_COMMAND}`"
        ) from error


def load_artefact(folder: Path) -> Artefact:
    """The exported network in `folder`, its files checked against their digests.

    Raises:
        NotFoundError: there is no config.json, or a file it names is missing.
        MismatchError: the config is damaged, or a file is not the one that was exported.
    """
    kind, config = read_config(folder)
    _check(folder / NETWORK_FILE, config.network_sha256)
    if kind is Kind.TEXT:
        _check(folder / TOKENIZER_FILE, config.tokenizer_sha256)
    return Artefact(folder, kind, config_fingerprint(kind, config), config)


def find_artefact(models_folder: Path, kind: Kind | str, backbone: str) -> Artefact:
    """The export of `backbone` (its name, or the fingerprint of one export) under `models_folder`.

    Raises:
        UnavailableError: it was never exported.
        MismatchError: there are several exports of that name, or the export is damaged.
    """
    kind = Kind(kind)
    folders = [
        config_path.parent
        for config_path in sorted((models_folder / kind).glob(f"[!.]*/{CONFIG_FILE}"))
        if backbone in (config_path.parent.name, read_config(config_path.parent)[1].backbone)
    ]
    if not folders:
        raise UnavailableError(
            f"the {kind} network '{backbone}' is not exported in {models_folder}; run `{EXPORT_COMMAND}` "
            "(it needs the extra bowerbird[train]), or copy the models/ folder of a home that has it"
        )
    if len(folders) > 1:
        names = ", ".join(folder.name for folder in folders)
        raise MismatchError(
            f"there are {len(folders)} exports of the {kind} network '{backbone}' in {models_folder}: "
            f"{names}; name the one to use by its fingerprint, or delete the others"
        )
    return load_artefact(folders[0])


def _check(path: Path, expected: str | None) -> None:
    if not path.is_file():
        raise NotFoundError(f"{path} is missing; delete its folder and run `{EXPORT_COMMAND}`")
    if (found := file_sha256(path)) != expected:
        raise MismatchError(
            f"{path} is not the file that was exported (SHA-256 {found[:16]}…, expected "
            f"{str(expected)[:16]}…); delete its folder and run `{EXPORT_COMMAND}`"
        )


def _parse(kind: Kind, values: Mapping[str, Any]) -> ArtefactConfig:
    tokenizer_sha256 = values["tokenizer_sha256"]
    return ArtefactConfig(
        backbone=str(values["backbone"]),
        dimension=int(values["dimension"]),
        preparation=_parse_preparation(kind, values["preparation"]),
        network_sha256=str(values["network_sha256"]),
        source_sha256=str(values["source_sha256"]),
        tokenizer_sha256=None if tokenizer_sha256 is None else str(tokenizer_sha256),
    )


def _parse_preparation(kind: Kind, values: Mapping[str, Any]) -> PhotoPreparation | TextPreparation:
    if kind is Kind.TEXT:
        return TextPreparation(**values)
    red, green, blue = map(float, values["mean"])
    red_std, green_std, blue_std = map(float, values["std"])
    return PhotoPreparation(
        size=int(values["size"]),
        fit=Fit(values["fit"]),
        scale_to=int(values["scale_to"]),
        resample=Resample(values["resample"]),
        mean=(red, green, blue),
        std=(red_std, green_std, blue_std),
    )
