"""The compiled network itself: precision, streams that fail, files that are none, and silence."""

import subprocess
import sys

import numpy as np
import pytest

from bowerbird.encoding.network import Network, Precision, resolve_precision
from bowerbird.errors import MismatchError, UnavailableError


def test_auto_is_the_best_that_the_cpu_computes():
    assert resolve_precision("auto", ["FP32", "BF16"]) is Precision.BF16
    assert resolve_precision("auto", ["FP32", "INT8"]) is Precision.F32
    assert resolve_precision("f32", ["FP32", "BF16"]) is Precision.F32
    assert resolve_precision("bf16", ["FP32", "BF16"]) is Precision.BF16


def test_bf16_is_refused_where_the_cpu_lacks_it():
    with pytest.raises(UnavailableError, match="no bf16 arithmetic"):
        resolve_precision("bf16", ["FP32", "INT8"])


def test_a_file_that_is_no_network_is_refused(tmp_path):
    path = tmp_path / "network.onnx"
    path.write_bytes(b"not an onnx file")
    with pytest.raises(MismatchError, match="not a network that OpenVINO can read"):
        Network(path)


@pytest.fixture(scope="module")
def network(text_artefact):
    return Network(text_artefact.network_path, "f32")


def tokens(rows, length, seed):
    ids = np.random.default_rng(seed).integers(1000, 20000, (rows, length))
    return [ids, np.ones_like(ids)]


def test_a_stream_of_any_shapes_equals_call_by_call(network):
    batches = [tokens(rows, length, rows * length) for rows, length in [(1, 5), (4, 16), (2, 33), (7, 8)] * 2]
    streamed = list(network.run_many(iter(batches)))
    for output, batch in zip(streamed, batches, strict=True):
        np.testing.assert_allclose(output, network.run(batch), atol=1e-5)


def test_a_stream_that_fails_leaves_the_network_usable(network):
    def torn():
        yield tokens(2, 8, 1)
        yield tokens(2, 8, 2)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(network.run_many(torn()))
    before = network.run(tokens(2, 8, 1))
    np.testing.assert_allclose(next(network.run_many([tokens(2, 8, 1)])), before, atol=1e-5)


def test_an_output_is_the_callers_own(network):
    first = network.run(tokens(2, 8, 1))
    kept = first.copy()
    network.run(tokens(2, 8, 2))
    np.testing.assert_array_equal(first, kept)


def test_encoding_is_silent_sends_nothing_and_needs_no_torch(exported_models):
    script = """
import sys

def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        raise SystemExit(f"{event} {args}")

sys.addaudithook(refuse)
from pathlib import Path
import numpy as np
from bowerbird.encoding.artefact import find_artefact
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.encoding.text_encoder import TextEncoder
models = Path(sys.argv[1])
PhotoEncoder(find_artefact(models, "photo", "efficientnet-lite2")).encode([np.zeros((9, 9, 3), np.uint8)] * 3)
TextEncoder(find_artefact(models, "text", "all-MiniLM-L6-v2")).encode(["a sofa", "a lamp"])
unwanted = {"torch", "transformers"} & set(sys.modules)
sys.exit(f"imported {sorted(unwanted)}" if unwanted else 0)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(exported_models)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
