"""What tests of several packages share."""

import hashlib
from pathlib import Path

import pytest

from bowerbird.encoding.artefact import find_artefact
from bowerbird.errors import UnavailableError

CHECKOUT = Path(__file__).resolve().parents[1]
SHARED_DATA = CHECKOUT.parent / "shared" / "data"
# What decides the bytes of an exported network: a change here must not meet an older export.
EXPORTERS = ("export.py", "networks.py", "photo_backbone.py", "pretrained.py", "text_backbone.py")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data is not here: {SHARED_DATA} does not exist")
    return SHARED_DATA


@pytest.fixture(scope="session")
def exported_models() -> Path:
    """A models folder with both packaged backbones, exported once and kept in the checkout's cache."""
    sources = b"".join((CHECKOUT / "src/bowerbird/training" / name).read_bytes() for name in EXPORTERS)
    folder = CHECKOUT / ".cache" / "models" / hashlib.sha256(sources).hexdigest()[:12]
    try:
        find_artefact(folder, "photo", "efficientnet-lite0")
        find_artefact(folder, "text", "all-MiniLM-L6-v2")
    except UnavailableError:
        # Importing torch takes seconds, which tests that find the export need not wait for.
        from bowerbird.training.export import export_photo_backbone, export_text_backbone

        export_photo_backbone(models_folder=folder)
        export_text_backbone(models_folder=folder)
    return folder
