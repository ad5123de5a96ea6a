"""The recommender on real purchases, through the benchmark's own reading and measuring."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from bowerbird.evaluation.next_item import leave_out, next_item_ranks
from bowerbird.taste.next_listing import NextListing

BENCHMARK = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "next_listing.py"))


@pytest.mark.real
def test_next_purchases_are_found_at_the_promised_rate(shared_data):
    folder = shared_data / "beauty"
    task = BENCHMARK["read_task"](folder / "sequences.txt.gz", folder / "items.jsonl.gz", None)
    market = NextListing.fit(
        BENCHMARK["interactions_of"](task.fitted),
        len(task.titles),
        BENCHMARK["content_of"](task.titles, None),
    )
    # Every 8th shopper, for time; the whole is the benchmark's.
    ranks = next_item_ranks(market.recommend, task.histories[::8], task.hidden[::8], 10)
    assert ranks.hits(10).mean() >= 0.097
    assert ranks.gains(10).mean() >= 0.061


@pytest.mark.real
def test_purchases_nobody_made_before_are_found_by_their_words(shared_data):
    folder = shared_data / "beauty"
    task = BENCHMARK["read_task"](folder / "sequences.txt.gz", folder / "items.jsonl.gz", None)
    asked = np.arange(0, len(task.hidden), 80)
    new = np.unique(task.hidden[asked])
    # As if the hidden items had just been listed: nobody's history has them.
    known = [sequence[~np.isin(sequence, new)] for sequence in task.fitted]
    market = NextListing.fit(
        BENCHMARK["interactions_of"](known), len(task.titles), BENCHMARK["content_of"](task.titles, None)
    )
    assert not market.counts.visits[new].any()
    told = [row for row in asked if len(known[row])]
    ranks = next_item_ranks(market.recommend, [known[row] for row in told], task.hidden[told], 10)
    assert ranks.hits(10).mean() >= 0.02  # chance is 0.001


def test_the_benchmark_reads_what_its_help_says(tmp_path, capsys):
    sequences, items, test = tmp_path / "s.txt", tmp_path / "items.jsonl", tmp_path / "test.txt"
    sequences.write_text("ann a b c\nbob a b d\ncat b a\n")
    items.write_text("".join(f'{{"item": "{name}", "title": "thing {name}"}}\n' for name in "abcd"))
    test.write_text("cat c\n")
    arguments = ["--sequences", str(sequences), "--items", str(items)]
    task = BENCHMARK["read_task"](sequences, items, None)
    assert [history.tolist() for history in task.histories] == [[0, 1], [0, 1], [1]]
    assert task.hidden.tolist() == [2, 3, 0]
    task = BENCHMARK["read_task"](sequences, items, test)
    assert (task.histories[0].tolist(), task.hidden.tolist(), len(task.fitted)) == ([1, 0], [2], 3)
    assert leave_out([np.array([0, 1])])[1].tolist() == [1]
    assert BENCHMARK["main"]([*arguments, "--test", str(test)]) == 0
    assert "HR@10" in capsys.readouterr().out
    test.write_text("dan c\n")
    assert BENCHMARK["main"]([*arguments, "--test", str(test)]) == 2
    assert "known shoppers" in capsys.readouterr().err
