"""Pretrained networks are exported once, to models/<kind>/<fingerprint>/; from then on no torch is needed.

A folder holds network.onnx (one file, dynamic batch and sequence axes), config.json and, for words,
tokenizer.json. It is written beside its place and renamed into it, so a killed export leaves nothing half
done; what is already there is not exported again.
"""

import hashlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from torch import nn
from torch.jit._trace import TracerWarning

from bowerbird.encoding.artefact import (
    CONFIG_FILE,
    NETWORK_FILE,
    TOKENIZER_FILE,
    ArtefactConfig,
    Kind,
    config_fingerprint,
    file_sha256,
    load_artefact,
    read_config,
    write_config,
)
from bowerbird.encoding.network import Network, Precision
from bowerbird.errors import TrainingError
from bowerbird.training.photo_backbone import PACKAGED_PHOTO, PhotoBackbone, load_photo_backbone
from bowerbird.training.photo_levels import with_levels
from bowerbird.training.text_backbone import (
    DEFAULT_MAX_LENGTH,
    PACKAGED_TEXT,
    TextBackbone,
    load_text_backbone,
)

OPSET = 17
# The least cosine between what the torch network and its export say.
PARITY = 0.999


def export_photo_backbone(name_or_folder: str = PACKAGED_PHOTO, *, models_folder: Path) -> Path:
    """The folder of the exported photo network; exported only where it is not there.

    The graph takes 'pixels' (B, 3, size, size) float32, normalised, to 'features' (B, dimension) float32.

    Raises:
        TrainingError: the network cannot be loaded, or its export computes something else.
    """
    return export_backbone(with_levels(load_photo_backbone(name_or_folder)), models_folder=models_folder)


def export_text_backbone(
    name_or_folder: str = PACKAGED_TEXT, *, models_folder: Path, max_length: int = DEFAULT_MAX_LENGTH
) -> Path:
    """The folder of the exported text network; exported only where it is not there.

    The graph takes 'ids' and 'mask' (B, T) int64 to 'vectors' (B, dimension) float32 of length 1; networks
    trained on a fixed length take 'ids' alone.

    Raises:
        TrainingError: the network cannot be loaded, or its export computes something else.
    """
    return export_backbone(load_text_backbone(name_or_folder, max_length), models_folder=models_folder)


def export_backbone(backbone: PhotoBackbone | TextBackbone, *, models_folder: Path) -> Path:
    """The folder of the export of `backbone`, pretrained or trained here; exported only where it lacks.

    Raises:
        TrainingError: its export computes something else.
    """
    kind = Kind.PHOTO if isinstance(backbone, PhotoBackbone) else Kind.TEXT
    source = weights_sha256(backbone.network)
    wanted = (backbone.name, source, backbone.preparation)
    parent = models_folder / kind
    for config_path in sorted(parent.glob(f"[!.]*/{CONFIG_FILE}")):
        _, found = read_config(config_path.parent)
        if (found.backbone, found.source_sha256, found.preparation) == wanted:
            return load_artefact(config_path.parent).folder
    with _new_folder(parent) as folder:
        path = folder / NETWORK_FILE
        _write_onnx(backbone, path)
        _check_parity(backbone, path)
        tokenizer_sha256 = None
        if isinstance(backbone, TextBackbone):
            (folder / TOKENIZER_FILE).write_text(backbone.tokenizer_json, encoding="utf-8")
            tokenizer_sha256 = file_sha256(folder / TOKENIZER_FILE)
        config = ArtefactConfig(
            backbone.name,
            backbone.dimension,
            backbone.preparation,
            file_sha256(path),
            source,
            tokenizer_sha256,
        )
        write_config(folder, kind, config)
        return _place(folder, parent / config_fingerprint(kind, config))


def write_graph(
    network: nn.Module,
    example: tuple[torch.Tensor, ...],
    path: Path,
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    input_axes: Mapping[int, str] = MappingProxyType({0: "batch"}),
) -> None:
    """Write `network`, in evaluation mode, as one ONNX file whose outputs have a dynamic first axis."""
    with warnings.catch_warnings():
        # The TorchScript exporter is deprecated but writes one file; dynamo's puts the weights beside it.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Tracing freezes what Python computes from shapes, and some operators are spelt out in others:
        # whether that did harm is what the parity checks find out, at another batch size and length.
        warnings.simplefilter("ignore", TracerWarning)
        warnings.simplefilter("ignore", UserWarning)
        torch.onnx.export(
            network,
            example,
            str(path),
            dynamo=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={
                **{name: dict(input_axes) for name in inputs},
                **{name: {0: "batch"} for name in outputs},
            },
            opset_version=OPSET,
        )


def _write_onnx(backbone: PhotoBackbone | TextBackbone, path: Path) -> None:
    example = backbone.example(rows=2)
    photo = isinstance(backbone, PhotoBackbone)
    write_graph(
        backbone.network,
        example,
        path,
        inputs=["pixels"] if photo else ["ids", "mask"][: len(example)],
        outputs=["features" if photo else "vectors"],
        input_axes={0: "batch", 1: "tokens"} if len(example) > 1 else {0: "batch"},
    )


def _check_parity(backbone: PhotoBackbone | TextBackbone, path: Path) -> None:
    """Raise unless the exported graph says what the torch network says, in f32."""
    inputs = backbone.example(rows=3, seed=1)
    with torch.inference_mode():
        expected = backbone.network(*inputs).numpy()
    found = Network(path, Precision.F32).run([tensor.numpy() for tensor in inputs])
    lengths = np.linalg.norm(expected, axis=1) * np.linalg.norm(found, axis=1)
    cosine = float(((expected * found).sum(axis=1) / np.maximum(lengths, np.finfo(np.float32).tiny)).min())
    if not cosine >= PARITY:
        raise TrainingError(
            f"the export of '{backbone.name}' computes something else than the network (cosine {cosine:.4f}, "
            f"at least {PARITY} is needed); choose another backbone"
        )


def weights_sha256(network: nn.Module) -> str:
    """SHA-256 of names and values of all weights: equal for equal networks, whatever file they came from."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def _new_folder(parent: Path) -> Iterator[Path]:
    """A hidden folder beside the final ones, taken away at the end if it is still there."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".export-", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(folder: Path, target: Path) -> Path:
    """`folder` moved to `target`; where another process was first, its equal export stays."""
    try:
        os.rename(folder, target)  # noqa: PTH104 - the atomic one, which refuses a folder that is not empty
    except OSError:
        return load_artefact(target).folder
    return target
