"""What the command line shows: progress bars on standard error, answers and JSON on standard output."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import orjson
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from bowerbird.jobs.doctor import Check, Verdict

# Square brackets and colons belong to sellers' titles and users' paths: they are never markup.
out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)


class Bars:
    """A progress bar a step, on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def step(self, name: str, total: int | None) -> None:
        """End the last bar and begin a new one."""
        self.end()
        self._task = self._progress.add_task(name, total=total)

    def advance(self, units: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._progress.advance(self._task, units)

    def end(self) -> None:
        """Fill the last bar."""
        if self._task is not None:
            done = self._progress.tasks[self._task].completed or 1
            self._progress.update(self._task, total=done, completed=done)


@contextlib.contextmanager
def progress_bars() -> Iterator[Bars]:
    """Bars for the steps of the job that runs inside the block."""
    columns = (
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as progress:
        bars = Bars(progress)
        yield bars
        bars.end()


def print_answer(reply: dict[str, Any]) -> None:
    """A page of search results for a person."""
    if reply["did_you_mean"]:
        out.print(f"did you mean: {reply['did_you_mean']}", markup=False)
    for span in reply["understood"]["spans"]:
        out.print(f"understood: {span['text']} ({span['field']} {span['value']})", markup=False)
    table = Table("listing", "price", "place", "title", "why", box=None, header_style="bold")
    for hit in reply["hits"]:
        price = hit["price"]["text"] if hit["price"] else "?"
        table.add_row(hit["listing_id"][:13], price, hit["place"] or "?", hit["title"], hit["why"]["text"])
    out.print(table)
    more = "" if reply["total_is_exact"] else "at least "
    out.print(f"{more}{reply['total']:,} listings match ({reply['took_ms']:.0f} ms)", markup=False)


def print_feed(reply: dict[str, Any]) -> None:
    """A page of recommendations for a person."""
    if not reply["personal"]:
        out.print("nothing is known of them yet; this is for everybody", markup=False)
    table = Table("listing", "price", "place", "title", "why", box=None, header_style="bold")
    for hit in reply["hits"]:
        price = hit["price"]["text"] if hit["price"] else "?"
        table.add_row(hit["listing_id"][:13], price, hit["place"] or "?", hit["title"], hit["why"]["text"])
    out.print(table)
    out.print(f"{reply['total']:,} listings in all ({reply['took_ms']:.0f} ms)", markup=False)
    if reply["next_cursor"]:
        out.print(f"more: --cursor {reply['next_cursor']}", markup=False)


def print_json(value: object) -> None:
    """`value` for a program."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY
    sys.stdout.write(orjson.dumps(value, default=str, option=options).decode() + "\n")


def print_checks(checks: list[Check]) -> None:
    """What doctor saw, and what to do."""
    styles = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}
    for check in checks:
        out.print(f"{check.verdict:8}", style=styles[check.verdict], end="")
        out.print(f"{check.name:10} {check.seen}", markup=False, soft_wrap=True)
        if check.advice:
            out.print(f"{'':18} {check.advice}", markup=False, soft_wrap=True)
