"""What the README and the messages tell people to type exists: commands, options, calls, settings, files."""

import json
import re
import runpy
import shlex
import tomllib
from functools import cache
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from typer.testing import CliRunner

from bowerbird.cleaning.column_map import column_map_of
from bowerbird.cli import app
from bowerbird.serving.api import api_router
from bowerbird.serving.events_api import events_router
from bowerbird.serving.feed_api import feed_router
from bowerbird.serving.requests import EmbedModel, ListingChange, ListingModel, SearchModel
from bowerbird.serving.sell_api import sell_router
from bowerbird.serving.sell_requests import SuggestModel
from bowerbird.settings import Settings, described_settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "ARCHITECTURE.md",
    *ROOT.glob("docs/decisions/*.md"),
]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


COMMANDS = set(runpy.run_path(str(ROOT / "docs" / "generate.py"))["command_names"](app))


@cache
def help_text(subcommand: tuple[str, ...]) -> str:
    return CliRunner().invoke(app, [*subcommand, "--help"]).output


def commands_in(text: str) -> list[str]:
    """Every command that is quoted, or stands on a line of its own in a block."""
    quoted = re.findall(r"`bowerbird ([a-z][^`]*)`", text)
    alone = re.findall(r"^ *(?:\.venv/bin/)?bowerbird ([a-z].*)$", text, re.MULTILINE)
    return [*quoted, *alone]


def wrong_with(command: str) -> str | None:
    """What is wrong with the words after 'bowerbird', if anything."""
    words = shlex.split(command, comments=True)
    subcommand = tuple(words[:2]) if tuple(words[:2]) in COMMANDS else tuple(words[:1])
    if subcommand not in COMMANDS:
        return f"there is no `bowerbird {command}`"
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    unknown = [option for option in options if not re.search(rf"{option}\b", help_text(subcommand))]
    return f"`bowerbird {' '.join(subcommand)}` has no {unknown}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_exists(page):
    assert [wrong for command in commands_in(page.read_text("utf-8")) if (wrong := wrong_with(command))] == []


def test_the_readme_shows_the_main_commands():
    assert {command.split()[0] for command in commands_in(README)} >= {
        "import",
        "index",
        "search",
        "serve",
        "doctor",
    }


def test_every_command_that_a_message_recommends_exists():
    found = [
        (path.name, command)
        for path in SOURCES
        for command in re.findall(r"`bowerbird ([a-z][^`{]*)`", path.read_text("utf-8"))
    ]
    assert found
    assert [(name, wrong) for name, command in found if (wrong := wrong_with(command))] == []


@pytest.mark.parametrize("command", ["fly", "search --fast", "export music"])
def test_a_wrong_command_is_noticed(command):
    assert wrong_with(command)


def test_the_table_of_calls_is_the_api():
    rows = re.findall(r"^\| (`(?:GET|POST|PUT).*?) \|", README, re.MULTILINE)
    written = set()
    for call in re.findall(r"`([^`]+)`", " ".join(rows)):
        method, _, path = call.partition(" ")
        written.add((method, path))
    whole = {path for _, path in written if path}
    listed = next(path for path in whole if path.endswith("/{listing_id}"))
    written = {(method, path or listed) for method, path in written}
    served = {
        (method, route.path.replace(":path", ""))  # how a path is matched is not for readers
        for router in (api_router, events_router, feed_router, sell_router)
        for route in router().routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods
    }
    assert written == {call for call in served if not call[1].startswith("/photos/")}


def test_the_bodies_of_the_calls_are_accepted():
    models = {
        "search": SearchModel,
        "suggest": SuggestModel,
        "embed": EmbedModel,
        "-X PUT": ListingModel,
        "-X PATCH": ListingChange,
    }
    commands = re.findall(r"^curl (?:.*\\\n)*.*$", README, re.MULTILINE)
    checked = 0
    for command in commands:
        words = shlex.split(command.replace("\\\n", ""))
        bodies = [words[i + 1] for i, word in enumerate(words) if word == "-d"]
        bodies += [word.removeprefix("query=") for word in words if word.startswith("query=")]
        model = next((model for mark, model in models.items() if mark in " ".join(words[:6])), None)
        for body in bodies:
            model.model_validate(json.loads(body))
            checked += 1
    assert checked == 6


def test_the_column_map_of_the_readme_is_one():
    block = re.search(r"```toml\n(.*?)```", README, re.DOTALL).group(1)
    columns = column_map_of(tomllib.loads(block))
    assert columns.columns["title"] == ("brand", "model")


def test_settings_that_are_named_exist():
    names = {name for name, *_ in described_settings(Settings())}
    groups = "|".join({name.partition(".")[0] for name in names if "." in name})
    texts = [path.read_text("utf-8") for path in [*PAGES, *SOURCES]]
    named = {
        name
        for text in texts
        for name in re.findall(rf"(?:`|setting )((?:{groups})\.[a-z_]+)(?=[`;, ])", text)
    }
    assert "index.synonyms" in named
    assert {name for name in named if not name.endswith(".py")} <= names


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_linked_files_exist(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert target.startswith("https://") or (ROOT / target).exists(), target
