"""The commands of events and of a shopper's own data, as a newcomer uses them."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bowerbird import cli
from bowerbird.assembly import create_home, open_catalogue
from bowerbird.jobs import erase_shopper
from bowerbird.market.listing import Listing
from bowerbird.settings import load_settings

OK, INPUT, NOT_FOUND = 0, 2, 3
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command in this process and an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOWERBIRD_HOME", raising=False)
    monkeypatch.setattr(erase_shopper, "SETTLE_SECONDS", 0.0)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bowerbird", *map(str, arguments)])
        code = OK
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def market(run: Run) -> Path:  # noqa: ARG001  it is in the folder of `run`
    """./market, the default home, with one listing."""
    settings = load_settings(Path("market"))
    create_home(settings)
    catalogue = open_catalogue(settings)
    catalogue.upsert([Listing("a", "A sofa")])
    catalogue.close()
    return settings.home


def log_file(name: str = "log.csv") -> str:
    now = datetime.now(UTC).isoformat()
    lines = ["event_id,type,listing_id,time,shopper", f"e1,view,a,{now},ann", f"e2,save,b,{now},ann", "e3,x"]
    Path(name).write_text("\n".join(lines), encoding="utf-8")
    return name


@pytest.mark.usefixtures("market")
def test_a_log_is_looked_over_imported_given_out_and_erased(run: Run):
    code, out, _ = run("validate", "events", log_file())
    assert code == OK
    assert "3 rows, 2 events of 1 shoppers" in out
    assert "such as b" in out

    code, out, err = run("import-events", log_file())
    assert (code, err.count("error")) == (OK, 0)
    assert "rows: 3 = 2 accepted + 0 known already + 1 rejected" in out
    assert "row 3" in out
    report = json.loads(run("import-events", log_file(), "--json")[1])
    assert (report["accepted"], report["duplicate"], report["rejected"]) == (0, 2, 1)
    assert json.loads(run("validate", "events", "--json")[1])["by_type"] == {"view": 1, "save": 1}

    record = json.loads(run("shopper", "export", "ann")[1])
    assert [one["event_id"] for one in record["events"]] == ["e1", "e2"]
    code, out, _ = run("shopper", "erase", "ann")
    assert code == OK
    assert out == "erased 2 events, 0 queries and 0 rejected rows of 'ann', with 0 sessions\n"
    assert json.loads(run("shopper", "erase", "ann", "--json")[1])["erased"]["events"] == 0
    code, _, err = run("shopper", "export", "ann")
    assert code == NOT_FOUND
    assert "nothing is stored about a shopper 'ann'" in err
    assert run("validate", "events")[1] == "market holds no events\n"


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("import-events", "none.csv"), NOT_FOUND, "there is nothing at none.csv"),
        (("import-events", "listings.csv"), INPUT, "its columns are id, title"),
        (("import-events", "notes.md"), INPUT, "is no table"),
        (("validate", "events", "listings.csv"), INPUT, "no column of listings.csv is the type of an event"),
    ],
)
def test_what_is_no_log_is_told_so(run: Run, arguments, code, message):
    Path("listings.csv").write_text("id,title\n1,A sofa\n", encoding="utf-8")
    Path("notes.md").write_text("x", encoding="utf-8")
    failed, out, err = run(*arguments)
    assert (failed, out) == (code, "")
    assert message in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("import-events", "log.csv"),
        ("validate", "events"),
        ("shopper", "export", "ann"),
        ("shopper", "erase", "ann"),
    ],
)
def test_without_a_home_it_is_told_how_to_get_one(run: Run, arguments):
    log_file()
    code, _, err = run(*arguments)
    assert code == NOT_FOUND
    assert "there is no market at market; run `bowerbird import FILE" in err


def test_a_file_can_be_looked_over_before_there_is_a_home(run: Run):
    code, out, _ = run("validate", "events", log_file())
    assert code == OK
    assert "rejected:" in out
    assert not Path("market").exists()
