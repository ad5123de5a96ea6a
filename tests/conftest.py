"""What tests of several packages share."""

import hashlib
import os
import secrets
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
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
from bowerbird.settings import Settings, load_settings, write_settings
from bowerbird.training.folder_lock import alone_in
from bucket_server import bucket_server
from market_homes import MarketHomes
from milvus_servers import lite_uri
from postgresql_server import NoPostgresqlError, PostgresqlServer, postgresql_server

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """What keeps the homes of the tests: `--database postgresql` a server, `--vectors milvus` milvus-lite."""
    kinds = ("sqlite", "postgresql")
    parser.addoption(
        "--database", choices=kinds, default="sqlite", help="What homes keep their catalogue in."
    )
    parser.addoption(
        "--vectors", choices=("files", "milvus"), default="files", help="What homes keep their vectors in."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Take away the size of a terminal that pytest-xdist gives its processes: tests set their own."""
    # Tests make applications that they never start, and so never stop: their connections stay open.
    config.addinivalue_line("filterwarnings", "ignore:<psycopg.Connection:ResourceWarning")
    # Those that are found only after the last test are not covered by that line.
    warnings.filterwarnings("ignore", "<psycopg.Connection", ResourceWarning)
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
            find_artefact(folder, "photo", "efficientnet-lite2")
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
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server; the test is skipped, with the reason, where none can be started."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgresql_server())
        except NoPostgresqlError as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture(scope="session")
def _bucket_server() -> Iterator[Mapping[str, str]]:
    # One for all: s3fs keeps what it connected to, whatever the environment says later.
    with bucket_server("photos") as environment:
        yield environment


@pytest.fixture
def bucket(_bucket_server: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a folder in a bucket that only this test uses, in an environment that leads there."""
    for name, value in _bucket_server.items():
        monkeypatch.setenv(name, value)
    return f"s3://photos/{secrets.token_hex(6)}"


@pytest.fixture(scope="session")
def homes(request: pytest.FixtureRequest) -> MarketHomes:
    """Makes and copies homes, on the database that `--database` names."""
    milvus = lite_uri() if request.config.getoption("--vectors") == "milvus" else None
    if request.config.getoption("--database") == "sqlite":
        return MarketHomes(None, milvus)
    return MarketHomes(request.getfixturevalue("postgresql"), milvus)


@pytest.fixture(scope="session")
def indexed_home(
    tmp_path_factory: pytest.TempPathFactory, known_source: Path, exported_models: Path, homes: MarketHomes
) -> Path:
    """A home with the known market imported, encoded and indexed; read only: `home` is a copy to change."""
    home = homes.prepare(tmp_path_factory.mktemp("indexed") / "home")
    shutil.copytree(exported_models, home / "models")
    settings = load_settings(home)
    write_settings(settings, encoders={"precision": "f32"})
    settings = load_settings(home)
    import_market(settings, str(known_source), Silent(), photos=str(known_source.parent / "photos"))
    index_market(settings, Silent())
    homes.keep(home)
    return home


@pytest.fixture(scope="session")
def known_engine(indexed_home: Path) -> Iterator[Engine]:
    """The engine of the known market, shared by the tests that change nothing."""
    with closing(open_engine(load_settings(indexed_home))) as engine:
        yield engine


@pytest.fixture
def home(indexed_home: Path, tmp_path: Path, homes: MarketHomes) -> Iterator[Path]:
    """A home of the test's own."""
    home = homes.copy(indexed_home, tmp_path / "home")
    yield home
    homes.remove(home)


@pytest.fixture
def home_of_processes(home: Path, homes: MarketHomes) -> Path:
    """`home` for several processes: its vectors are in files, since milvus-lite opens in one only."""
    if homes.keep_in_files(home):
        index_market(load_settings(home), Silent())
    return home


@pytest.fixture
def settings(home: Path) -> Settings:
    """The settings of `home`."""
    return load_settings(home)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The engine of `home`, for the tests that change it."""
    with closing(open_engine(settings)) as engine:
        yield engine
