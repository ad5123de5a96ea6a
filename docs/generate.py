"""Write what would otherwise be said twice: trees, settings, commands and figures.

`python docs/generate.py` writes; with `--check` it changes nothing and exits 1 where a file is out of date.
"""

import ast
import json
import os
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.testing import CliRunner

from bowerbird import cli
from bowerbird.settings import Settings, described_settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "bowerbird"
RESULTS = ROOT / "benchmarks" / "results"
# (what the README says, file of RESULTS, figure, system)
HEADLINES = (
    ("a search by words, 100,000 listings: p50 ms", "search_latency", "engine: words", "p50 ms"),
    (
        "the same in a shopper's learned order, their events read first: p50 ms",
        "personal_latency",
        "search: a shopper, read from the log, learned",
        "p50 ms",
    ),
    ("a search by photo, 100,000 listings: p50 ms", "search_latency", "engine: photo", "p50 ms"),
    (
        "60 requests a second for a quarter of an hour (words, photos, feeds), 100,000 listings: p99 ms",
        "load",
        "60 a second",
        "p99 ms",
    ),
    (
        "answers a second to 4 clients",
        "search_latency",
        "HTTP: words, answers a second to 4 clients",
        "value",
    ),
    (
        "a seller's category, price and duplicates: p50 ms",
        "suggest_latency",
        "category, price and duplicates in one call",
        "p50 ms",
    ),
    ("next listing of Amazon Beauty's shoppers: HR@10", "next_listing", "HR@10", "next listing"),
    ("the same by popularity", "next_listing", "HR@10", "popularity"),
    ("photos encoded a second", "encode_throughput", "photos: a second", "bowerbird bf16"),
    ("events taken a second, in bulk, 1 client", "event_throughput", "HTTP, bulk, 1 client", "events/s"),
    (
        "error of another ranking's value told from a log, worst of three",
        "counterfactual",
        "a better ranking: mean error",
        "clipped",
    ),
)


def main(arguments: list[str]) -> int:
    """Write, or check, every generated file; the exit status."""
    generated = {
        ROOT / "ARCHITECTURE.md": filled("ARCHITECTURE.md", "tree", f"```\nsrc/bowerbird/\n{tree()}\n```"),
        ROOT / "README.md": filled("README.md", "figures", headlines()),
        ROOT / "docs" / "figures.md": figures_page(),
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "docs" / "cli.md": command_page(),
    }
    stale = [
        path
        for path, text in generated.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is out of date: run `make docs` and commit it")
        else:
            path.write_text(generated[path], encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if stale and "--check" in arguments else 0


def layers() -> list[str]:
    """The layers of the import contract that exist, in reading order: lowest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    names = [name.strip("()") for name in contracts[0]["layers"]]
    return [
        name for name in reversed(names) if (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir()
    ]


def filled(page: str, name: str, content: str) -> str:
    """The text of `page` with what stands between its two marks called `name` replaced."""
    start, end = f"<!-- {name}: written by `make docs` -->", f"<!-- end of {name} -->"
    before, rest = (ROOT / page).read_text("utf-8").split(start)
    return f"{before}{start}\n{content}\n{end}{rest.split(end)[1]}"


def tree() -> str:
    """One line for a layer with its docstring's first sentence, then the names of its modules."""
    lines = []
    for name in layers():
        folder = PACKAGE / name
        if not folder.is_dir():
            lines.append(f"  {name + '.py':<14}{summary(PACKAGE / f'{name}.py')}")
            continue
        lines.append(f"  {name + '/':<14}{summary(folder / '__init__.py')}")
        modules = " ".join(sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__"))
        lines += textwrap.wrap(modules, 100, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return "\n".join(lines)


def summary(path: Path) -> str:
    """The first line of a module's docstring, without its full stop."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return docstring.partition("\n")[0].rstrip(".")


def headlines() -> str:
    """The README's table: `HEADLINES` as benchmarks/results has them."""
    lines = ["| what | measured | by |", "|---|---|---|"]
    for says, benchmark, name, system in HEADLINES:
        measured = json.loads((RESULTS / f"{benchmark}.json").read_text("utf-8"))["figures"]
        found = [one for one in measured if (one["name"], one["system"]) == (name, system)]
        if not found:
            raise SystemExit(f"HEADLINES: {benchmark}.json has no figure {name!r} of {system!r}")
        lines.append(f"| {says} | {_figure_cell(found[0])} | `benchmarks/{benchmark}.py` |")
    return "\n".join(lines)


def figures_page() -> str:
    """docs/figures.md: a table for every file of benchmarks/results, a line a figure, a column a system."""
    tables = [_figure_table(path) for path in sorted(RESULTS.glob("*.json"))]
    top = "# Figures\n\nWritten by `make docs` from what `make bench` measured."
    return "\n\n".join([top, *tables]) + "\n"


def _figure_table(path: Path) -> str:
    measured = json.loads(path.read_text("utf-8"))["figures"]
    systems = list(dict.fromkeys(figure["system"] for figure in measured))
    values = {(figure["name"], figure["system"]): figure for figure in measured}
    intervals = ", with 95% intervals" if any("low" in figure for figure in measured) else ""
    lines = [
        f"`benchmarks/{path.stem}.py`{intervals}:",
        "",
        f"| figure | {' | '.join(systems)} |",
        "|---|" + "---|" * len(systems),
    ]
    for name in dict.fromkeys(figure["name"] for figure in measured):
        cells = [_figure_cell(values.get((name, system))) for system in systems]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _figure_cell(figure: dict[str, float] | None) -> str:
    if figure is None:
        return ""
    interval = f" ({_number(figure['low'])} to {_number(figure['high'])})" if "low" in figure else ""
    return f"{_number(figure['value'])}{interval}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def settings_page() -> str:
    """docs/settings.md: every setting with its default and meaning."""
    lines = [
        "# Settings",
        "",
        "Written by `make docs` from `src/bowerbird/settings.py`.",
        "",
        "Each is read from `bowerbird.toml` in the home, and over that from the environment:",
        "`search.rrf_k` is `rrf_k` in the table `[search]`, or `BOWERBIRD_SEARCH__RRF_K`.",
        "`bowerbird settings` shows those in force.",
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
    ]
    for name, _, default, meaning in described_settings(Settings()):
        lines.append(f"| `{name}` | `{default if default != '' else '(empty)'}` | {meaning} |")
    return "\n".join(lines) + "\n"


def command_page() -> str:
    """docs/cli.md: what `--help` says of every command."""
    lines = ["# Commands", "", "Written by `make docs` from the help of each command."]
    for words in command_names(cli.app):
        asked = CliRunner().invoke(cli.app, [*words, "--help"], prog_name="bowerbird", terminal_width=100)
        if asked.exit_code != 0:
            raise SystemExit(f"bowerbird {' '.join(words)} --help failed: {asked.output}")
        text = "\n".join(line.rstrip() for line in asked.output.strip().splitlines())
        lines += ["", f"## `bowerbird {' '.join(words)}`", "", "```", text, "```"]
    return "\n".join(lines) + "\n"


def command_names(app: typer.Typer) -> Iterator[tuple[str, ...]]:
    """The words that call each command of `app` and of the groups in it."""
    for command in app.registered_commands:
        function = command.callback
        yield (command.name or (function.__name__.replace("_", "-") if function else ""),)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            for words in command_names(group.typer_instance):
                name = group.typer_instance.info.name  # those of no name join the commands of `app`
                yield (name, *words) if isinstance(name, str) else words


if __name__ == "__main__":
    for variable in [name for name in os.environ if name.startswith("BOWERBIRD_")]:
        del os.environ[variable]  # the pages show defaults, not this shell's settings
    sys.exit(main(sys.argv[1:]))
