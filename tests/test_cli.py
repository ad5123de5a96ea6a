"""The command line as a newcomer uses it: what is printed where, and what the exit code says."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

import known_market
from bowerbird import __version__, cli
from bowerbird.assembly import open_catalogue
from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Price
from bowerbird.projection import calibration
from bowerbird.settings import load_settings

OK, FAILED, INPUT, NOT_FOUND, MISMATCH, UNAVAILABLE = range(6)


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run: TypeAlias = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _untouched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A working folder, an environment and log handlers of the test's own."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("BOWERBIRD_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(calibration, "NONSENSE_QUERIES", 40)
    handlers = list(logging.root.handlers)
    yield
    logging.root.handlers[:] = handlers


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["bowerbird", *map(str, arguments)])
        code = OK
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


def test_the_first_hour_of_a_newcomer(
    run: Run, known_source: Path, exported_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Import, look, index, search, export: the commands of the README, in the default home."""
    home = tmp_path / "market"
    imported = run("import", known_source, "--photos", known_source.parent / "photos", "--json")
    assert imported.code == OK
    assert (imported.json["rows_read"], imported.json["rows_accepted"], imported.json["created"]) == (
        48,
        48,
        48,
    )
    again = run("import", known_source, "--photos", known_source.parent / "photos")
    assert "48 unchanged" in again.out
    assert run("profile").out == "wrote profile.html: open it in a browser\n"
    assert "<html" in Path("profile.html").read_text()

    lacking = run("search", "red sofa")
    assert lacking.code == UNAVAILABLE
    assert "bowerbird encode" in lacking.err
    assert lacking.out == ""

    (home / "models").symlink_to(exported_models)
    monkeypatch.setenv("BOWERBIRD_ENCODERS__PRECISION", "f32")
    assert run("encode", "--json").json == {"texts": 48, "photos": 48}
    assert "encoded 0 texts and 0 photos" in run("encode").out
    indexed = run("index", "--json")
    assert (indexed.json["listings"], indexed.json["encoded"]) == (48, {"texts": 0, "photos": 0})

    found = run("search", "red sofa")
    assert found.code == OK
    assert "Red sofa" in found.out
    assert "£200" in found.out
    reply = run("search", "red sofa", "--limit", "3", "--json").json
    assert reply["hits"][0]["listing_id"] == "red-sofa"
    following = run("search", "red sofa", "--limit", "3", "--json", "--cursor", reply["next_cursor"]).json
    shown = {hit["listing_id"] for hit in reply["hits"]}
    assert not shown & {hit["listing_id"] for hit in following["hits"]}

    assert "48 photos of 32 x 32" in run("export", "photos", "out", "--size", "32").out
    assert len(list(Path("out").glob("*.jpg"))) == 48
    assert "48 rows" in run("export", "training-data").out
    assert Path("training_data.csv").exists()
    assert Path("training_data.labels.json").exists()


@pytest.fixture
def at(indexed_home: Path, run: Run) -> Run:
    """Run a command on the known market."""
    return lambda *arguments: run(*arguments, "--home", indexed_home)


def test_a_photo_finds_its_listing_alone_and_with_words(at: Run, tmp_path: Path):
    path = tmp_path / "photo.png"
    known_market.draw("blue-bicycle", seed=3).save(path)
    for words in ((), ("blue bicycle",)):
        reply = at("search", *words, "--photo", path, "--json").json
        assert reply["hits"][0]["listing_id"] == "blue-bicycle"


def test_filters_and_sorts_of_a_search(at: Run):
    reply = at("search", "--category", "sports", "--price-max", "60", "--sort", "price_asc", "--json").json
    assert {hit["listing_id"].split("-")[1] for hit in reply["hits"]} == {"tent"}
    reply = at("search", "lamp", "--place", "truro", "--price-min", "15", "--limit", "50", "--json").json
    assert reply["hits"]
    assert {hit["place"] for hit in reply["hits"]} == {"Truro, Cornwall"}
    prices = [hit["price"]["amount"] for hit in at("search", "--sort", "price_desc", "--json").json["hits"]]
    assert prices == sorted(prices, reverse=True)


def test_a_search_of_one_seller_by_age_and_by_distance(at: Run):
    hits = at("search", "--seller", "seller-2", "--limit", "50", "--json").json["hits"]
    assert {hit["listing_id"] for hit in hits} == set(list(known_market.listing_ids())[2::5])
    assert at("search", "--max-age-days", "0.001", "--json").json["total"] == 0
    assert at("search", "--max-age-days", "36000", "--json").json["total"] > 40
    unknown = at("search", "sofa", "--near", "53.8,-1.55,25", "--sort", "distance")
    assert (unknown.code, "no latitude" in unknown.err) == (InputError.exit_code, True)
    odd = at("search", "sofa", "--near", "Leeds")
    assert (odd.code, "such as '53.8,-1.55,25'" in odd.err) == (InputError.exit_code, True)


def test_a_search_says_what_it_understood_and_corrected(at: Run):
    assert "under 100" in at("search", "guitar under 100").out
    assert "did you mean: bicycle" in at("search", "bicicle").out


def test_a_search_that_finds_nothing_is_no_failure(at: Run):
    found = at("search", "xqzvkwj blorptakk")
    assert found.code == OK
    assert "0 listings match" in found.out


def test_titles_are_shown_as_they_are(run: Run, home: Path):
    """Square brackets and colons are the seller's, not the terminal's markup."""
    with closing(open_catalogue(load_settings(home))) as catalogue:
        catalogue.upsert(
            [
                Listing("harp-1", "Golden harp [/collection only]", price=Price(500, "GBP")),
                Listing("harp-2", "Golden harp [red] :smile:", place="[bold]Leeds"),
            ]
        )
    found = run("search", "golden harp", "--home", home)
    assert found.code == OK
    assert "Golden harp [/collection only]" in found.out
    assert "Golden harp [red] :smile:" in found.out
    assert "[bold]Leeds" in found.out


def test_evaluate_says_both_rates(at: Run):
    rates = at("evaluate", "cutoff", "--queries", "10", "--json").json
    assert rates["queries"] == 10
    assert rates["kept_listing"] == 1.0


def test_doctor_is_pleased_or_fails(at: Run, run: Run, home: Path):
    assert at("doctor").code == OK
    assert {check["name"] for check in at("doctor", "--json").json} >= {"catalogue", "index", "backbones"}
    min((home / "photos").rglob("*.jpg")).unlink()
    broken = run("doctor", "--home", home)
    assert broken.code == FAILED
    assert "1 of 48 sampled photos are gone" in broken.out
    assert "bowerbird import" in broken.out


def test_settings_are_listed_with_their_meaning(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BOWERBIRD_SEARCH__RRF_K", "30")
    assert run("settings", "--json").json["search.rrf_k"] == 30.0
    assert "reciprocal rank fusion" in run("settings").out
    home = tmp_path / "other"
    home.mkdir()
    (home / "bowerbird.toml").write_text("[search]\nrrf_k = 10\nmatch_limit = 500\n")
    values = run("settings", "--json", "--home", home).json
    assert (values["search.rrf_k"], values["search.match_limit"]) == (30.0, 500)  # the environment wins
    monkeypatch.setenv("BOWERBIRD_HOME", str(home))
    assert run("settings", "--json").json["home"] == str(home)


def test_help_and_version(run: Run):
    assert run("--version").out.strip() == __version__
    everything = run("--help").out
    for command in ("import", "index", "search", "serve", "demo", "doctor", "profile", "export", "settings"):
        assert command in everything
    for command in ("import", "search", "demo", "export photos"):
        assert run(*command.split(), "--help").code == OK


def wrong(tmp_path: Path) -> dict[str, tuple[int, str, tuple[object, ...]]]:
    """Name -> exit code, part of the message, command."""
    gone, good = tmp_path / "gone", tmp_path / "good.csv"
    (tmp_path / "text.csv").write_text("colour,size\nred,3\n")
    (tmp_path / "empty.csv").write_text("")
    good.write_text("id,title\n1,Shelf\n")
    (tmp_path / "broken.zip").write_bytes(b"PK no zip")
    (tmp_path / "map.toml").write_text('id = "sku"\ntitle = "nothing"\n')
    (tmp_path / "no.toml").write_text("id = ")
    (tmp_path / "photo.jpg").write_bytes(b"no photo")
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / "bowerbird.toml").write_text("[search]\nrrf_k = -3\n")
    (tmp_path / "unread").mkdir()
    (tmp_path / "unread" / "bowerbird.toml").write_text("[search\n")
    return {
        "unknown command": (INPUT, "No such command", ("fly",)),
        "unknown option": (INPUT, "No such option", ("search", "--fast")),
        "missing argument": (INPUT, "Missing argument", ("import",)),
        "bad number": (INPUT, "--limit", ("search", "x", "--limit", "many")),
        "limit out of range": (INPUT, "--limit", ("search", "x", "--limit", "0")),
        "bad sort": (INPUT, "--sort", ("search", "x", "--sort", "best")),
        "no source": (NOT_FOUND, "nothing at", ("import", tmp_path / "nowhere.csv")),
        "no id column": (INPUT, "looks like its id", ("import", tmp_path / "text.csv")),
        "empty source": (INPUT, "is empty", ("import", tmp_path / "empty.csv")),
        "broken zip": (INPUT, "no whole zip", ("import", tmp_path / "broken.zip")),
        "no map": (NOT_FOUND, "no column map", ("import", good, "--map", "gone.toml")),
        "map of other columns": (INPUT, "nothing, sku", ("import", good, "--map", tmp_path / "map.toml")),
        "map that is none": (INPUT, "neither TOML nor JSON", ("import", good, "--map", tmp_path / "no.toml")),
        "no photos": (NOT_FOUND, "nothing at", ("import", good, "--photos", gone)),
        "query for a file": (INPUT, "for databases", ("import", good, "--query", "SELECT 1")),
        "database without query": (INPUT, "--query", ("import", "sqlite:///x.db")),
        "search without a home": (NOT_FOUND, "no market at", ("search", "x", "--home", gone)),
        "index without a home": (NOT_FOUND, "no market at", ("index", "--home", gone)),
        "encode without a home": (NOT_FOUND, "no market at", ("encode", "--home", gone)),
        "serve without a home": (NOT_FOUND, "no market at", ("serve", "--home", gone)),
        "profile without a home": (NOT_FOUND, "no market at", ("profile", "--home", gone)),
        "export without a home": (NOT_FOUND, "no market at", ("export", "photos", "--home", gone)),
        "spoilt settings": (INPUT, "search.rrf_k", ("settings", "--home", tmp_path / "spoilt")),
        "settings that are no TOML": (INPUT, "not valid TOML", ("settings", "--home", tmp_path / "unread")),
        "no such group": (INPUT, "No such command", ("export", "music")),
    }  # fmt: skip


@pytest.mark.parametrize(
    "what",
    ["unknown command", "unknown option", "missing argument", "bad number", "limit out of range", "bad sort",
     "no source", "no id column", "empty source", "broken zip", "no map", "map of other columns",
     "map that is none", "no photos", "query for a file", "database without query", "search without a home",
     "index without a home", "encode without a home", "serve without a home", "profile without a home",
     "export without a home", "spoilt settings", "settings that are no TOML", "no such group"],
)  # fmt: skip
def test_a_mistake_is_said_on_standard_error_with_its_exit_code(run: Run, tmp_path: Path, what: str):
    code, message, command = wrong(tmp_path)[what]
    outcome = run(*command)
    assert (outcome.code, outcome.out) == (code, "")
    assert message in outcome.err.replace("\n", " ")
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "gone").exists()


def test_every_mistake_is_tried(tmp_path: Path, request: pytest.FixtureRequest):
    module = request.node.parent
    tried = {item.callspec.params["what"] for item in module.collect() if "mistake_is_said" in item.name}
    assert tried == set(wrong(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--price-min", "5", "--price-max", "3"), INPUT, "swap them"),
        (("--status", "sold"), INPUT, "no status"),
        (("--sort", "distance"), INPUT, "near"),
        (("--cursor", "nonsense"), INPUT, "damaged"),
        (("--photo", "gone.jpg"), INPUT, "cannot read the photo gone.jpg"),
        (("--photo", "."), INPUT, "cannot read the photo"),
    ],
)
def test_a_search_that_cannot_be_answered_says_why(
    at: Run, arguments: tuple[str, ...], code: int, message: str
):
    outcome = at("search", "red", *arguments)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith("error: ")
    assert message in outcome.err


def test_a_photo_that_is_none_is_said(at: Run, tmp_path: Path):
    (tmp_path / "photo.jpg").write_bytes(b"no photo")
    outcome = at("search", "--photo", tmp_path / "photo.jpg")
    assert (outcome.code, outcome.out) == (INPUT, "")


def test_an_index_of_other_encoders_is_a_mismatch(run: Run, home: Path):
    config = next((home / "models" / "text").iterdir()) / "config.json"
    config.write_text(config.read_text().replace('"max_length": 128', '"max_length": 64'))
    outcome = run("search", "red", "--home", home)
    assert outcome.code == MISMATCH
    assert "bowerbird index" in outcome.err


def test_importing_what_serves_leaves_torch_out():
    lines = (
        "import sys, bowerbird.serving.app, bowerbird.assembly, bowerbird.cli",
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'lightning'} & set(sys.modules)",
        "sys.exit(', '.join(sorted(heavy)) or 0)",
    )
    ended = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_installed_command_answers_and_fails_alike(tmp_path: Path):
    command = [
        str(Path(sys.executable).parent / "bowerbird"),
        "search",
        "x",
        "--home",
        str(tmp_path / "gone"),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == NOT_FOUND
    assert ended.stdout == ""
    assert "no market at" in ended.stderr
