"""Write what would otherwise be said twice: the tree of ARCHITECTURE.md and docs/settings.md.

`python docs/generate.py` writes; with `--check` it changes nothing and exits 1 where a file is out of date.
"""

import ast
import os
import sys
import textwrap
import tomllib
from pathlib import Path

from bowerbird.settings import Settings, described_settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "bowerbird"
TREE_START, TREE_END = "<!-- tree: written by `make docs` -->", "<!-- end of tree -->"


def main(arguments: list[str]) -> int:
    """Write, or check, every generated file; the exit status."""
    generated = {
        ROOT / "ARCHITECTURE.md": architecture(),
        ROOT / "docs" / "settings.md": settings_page(),
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


def architecture() -> str:
    """ARCHITECTURE.md with its tree replaced."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    before, rest = text.split(TREE_START)
    after = rest.split(TREE_END)[1]
    return f"{before}{TREE_START}\n```\nsrc/bowerbird/\n{tree()}\n```\n{TREE_END}{after}"


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


if __name__ == "__main__":
    for variable in [name for name in os.environ if name.startswith("BOWERBIRD_")]:
        del os.environ[variable]  # the pages show defaults, not this shell's settings
    sys.exit(main(sys.argv[1:]))
