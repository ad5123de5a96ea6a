"""What tests of several packages share."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import known_market
from bowerbird.assembly import open_engine
from bowerbird.encoding.artefact import find_artefact
from bowerbird.engine import Engine
from bowerbird.errors import UnavailableError
from bowerbird.jobs.import_market import import_market
from bowerbird.jobs.index_market import index_market
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings
from bowerbird.training.folder_lock import alone_in

CHECKOUT = Path(__file__).resolve().parents[1]
SHARED_DATA = CHECKOUT.parent / "shared" / "data"
# What decides the bytes of an exported network: a change here must not meet an older export.
EXPORTERS = (
    "export.py",
    "networks.py",
    "photo_backbone.py",
    "photo_levels.py",
    "pretrained.py",
    "text_backbone.py",
)


def pytest_configure() -> None:
    """Take away the size of a terminal that pytest-xdist gives its processes: tests set their own."""
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)


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
    with alone_in(folder, wait=True):  # of the processes that run the tests
        try:
            find_artefact(folder, "photo", "efficientnet-lite0")
            find_artefact(folder, "text", "all-MiniLM-L6-v2")
        except UnavailableError:
            # Importing torch takes seconds, which tests that find the export need not wait for.
            from bowerbird.training.export import export_photo_backbone, export_text_backbone

            export_photo_backbone(models_folder=folder)
            export_text_backbone(models_folder=folder)
    return folder


@pytest.fixture(scope="session")
def known_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of known_market, its photos beside it."""
    return known_market.write_source(tmp_path_factory.mktemp("source") / "known")


@pytest.fixture(scope="session")
def indexed_home(tmp_path_factory: pytest.TempPathFactory, known_source: Path, exported_models: Path) -> Path:
    """A home with the known market imported, encoded and indexed; read only: `home` is a copy to change."""
    home = tmp_path_factory.mktemp("indexed") / "home"
    settings = load_settings(home, encoders={"precision": "f32"})
    shutil.copytree(exported_models, settings.models)
    (home / "bowerbird.toml").write_text('[encoders]\nprecision = "f32"\n')
    import_market(settings, str(known_source), Silent(), photos=str(known_source.parent / "photos"))
    index_market(settings, Silent())
    return home


@pytest.fixture(scope="session")
def known_engine(indexed_home: Path) -> Iterator[Engine]:
    """The engine of the known market, shared by the tests that change nothing."""
    with closing(open_engine(load_settings(indexed_home))) as engine:
        yield engine


@pytest.fixture
def home(indexed_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    return Path(shutil.copytree(indexed_home, tmp_path / "home", copy_function=_link))


@pytest.fixture
def settings(home: Path) -> Settings:
    """The settings of `home`."""
    return load_settings(home)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The engine of `home`, for the tests that change it."""
    with closing(open_engine(settings)) as engine:
        yield engine


def _link(source: str, target: str) -> None:
    """Large files that are never written in place are linked, the databases copied."""
    if Path(source).suffix in (".onnx", ".jpg"):
        Path(target).hardlink_to(source)
    else:
        shutil.copy2(source, target)
