"""The database server is killed and comes back: 503 with when to come again meanwhile, then all is well."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from served import Served, eventually, serving

from bowerbird.jobs.import_market import import_market
from bowerbird.jobs.index_market import index_market
from bowerbird.progress import Silent
from bowerbird.settings import load_settings, write_settings
from market_homes import MarketHomes
from postgresql_server import NoPostgresqlError, PostgresqlServer, postgresql_server


def test_the_database_goes_and_comes_back(indexed_home: Path, known_source: Path, tmp_path: Path):
    try:
        with postgresql_server() as server:
            home = _home_on(server, indexed_home, known_source, tmp_path / "home")
            with serving(home) as served:
                _goes_and_comes_back(server, served)
    except NoPostgresqlError as error:
        pytest.skip(str(error))


def _home_on(server: PostgresqlServer, indexed: Path, source: Path, home: Path) -> Path:
    """The known market on a database server; its vectors are those of the home on SQLite."""
    MarketHomes(server).prepare(home)
    for folder in ("models", "embeddings"):
        shutil.copytree(indexed / folder, home / folder)
    write_settings(load_settings(home), encoders={"precision": "f32"})
    import_market(load_settings(home), str(source), Silent(), photos=str(source.parent / "photos"))
    index_market(load_settings(home), Silent())
    return home


def _goes_and_comes_back(server: PostgresqlServer, served: Served) -> None:
    assert served.put("before", "Walnut cabinet before").status == 201
    assert served.event("e-before").status == 200
    assert eventually(lambda: served.search("walnut cabinet").ids == ["before"])
    server.process.kill()
    server.process.wait()
    assert eventually(lambda: served.call("GET", "/health/ready").status == 503)
    for reply in (
        served.search("red sofa"),
        served.put("meanwhile", "Walnut cabinet"),
        served.event("e-meanwhile"),
        served.call("GET", "/v1/listings/red-sofa"),
        served.call("GET", "/v1/shoppers/anne/recommendations"),
    ):
        assert reply.status == 503
        assert int(reply.headers["retry-after"]) > 0
        assert "check that it is there" in reply.body["message"]
        assert "postgresql" not in reply.body["message"], (
            "where it is and who we are there is nobody's business"
        )
    assert served.call("GET", "/health/live").status == 200
    again = _restarted(server)
    try:
        assert eventually(lambda: served.call("GET", "/health/ready").status == 200)
        assert served.search("red sofa").ids[0] == "red-sofa"
        assert served.event("e-before").body["duplicate"] == 1
        assert served.put("after", "Walnut cabinet after").status == 201
        assert eventually(lambda: set(served.search("walnut cabinet").ids) == {"before", "after"})
    finally:
        served.kill()
        again.terminate()
        again.wait(30)


def _restarted(server: PostgresqlServer) -> subprocess.Popen[bytes]:
    """Another server on the data of the one that was killed, as soon as all its processes are gone."""
    data = Path(server.process.args[2])  # type: ignore[index, arg-type]  # the list that started it
    owner = {"user": data.owner()} if os.geteuid() == 0 else {}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for _ in range(50):
        process = subprocess.Popen(server.process.args, cwd=data.parent, **quiet, **owner)
        try:
            process.wait(1)  # it ends at once where the memory of the one before is still shared
        except subprocess.TimeoutExpired:
            return process
    pytest.fail("PostgreSQL does not start again")
