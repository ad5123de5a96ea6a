"""The project keeps its own promises: commands exist, layers are as printed, nothing names this machine."""

import ast
import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "bowerbird"
GRAB_BAGS = {"utils", "util", "helpers", "common", "misc", "base", "core", "manager", "handler", "now"}
# Spelt in pieces, so that this file does not name what it forbids.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|opt/\w+)/"),
    "a package registry's host": re.compile(
        r"py" + r"pi\.org|python" + r"hosted\.org|npm" + r"js\.(?:com|org)|download\.py" + r"torch\.org"
    ),
}


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("git does not list this tree: it is not a checkout")
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


def python_modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", ".ci/run", ".pre-commit-config.yaml"])
def test_every_make_command_that_is_written_down_exists(page):
    text = (ROOT / page).read_text("utf-8")
    commands = re.findall(r"(?:^|[`:]) *make ([a-z][a-z -]*)", text, re.MULTILINE)
    named = {target for command in commands for target in command.split()}
    assert named, f"{page} names no make target"
    assert named <= make_targets()


def test_the_readme_gives_the_two_commands():
    commands = re.findall(r"^make (\w+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert commands[:2] == ["demo", "test"]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what):
    found = []
    for path in tracked_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a font
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in FORBIDDEN[what].finditer(text)]
    assert not found


def test_the_forbidden_patterns_can_fail():
    path, host = FORBIDDEN.values()
    assert path.search("see /wo" + "rk/shared/data")
    assert not path.search("a home/market/photos")
    assert host.search("https://py" + "pi.org/simple")


def test_every_layer_is_printed_in_order():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = [name.strip("()") for name in contracts[0]["layers"]]
    tree = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    printed = re.findall(r"^  (\w+)(?:/|\.py) ", tree, re.MULTILINE)
    assert printed == [name for name in reversed(layers) if name in printed]
    there = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(printed) == there - {"__init__", "__main__"}


@pytest.mark.parametrize("path", python_modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_is_small_documented_and_no_grab_bag(path):
    source = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(source)), "no docstring"
    assert len(source.splitlines()) <= 300
    assert not GRAB_BAGS & {path.stem.strip("_"), path.parent.name}


def test_the_lock_pins_every_direct_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {_normal(re.match(r"[\w.-]+", requirement).group()) for requirement in wanted}
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines)
    assert names <= {_normal(name) for name in pins}
    assert "+" not in pins["torch"], "a local version would refuse the other builds of torch"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
