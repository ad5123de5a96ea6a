"""Index generations that are corrupt: the one before serves, or a new one is built; either is said."""

import os
import signal
from pathlib import Path

import pytest
from served import serving

from bowerbird.jobs.index_market import index_market
from bowerbird.progress import Silent
from bowerbird.settings import load_settings
from bowerbird.storage.generations import CURRENT


def newest(home: Path) -> Path:
    """The folder of the current generation."""
    return home / "index" / (home / "index" / CURRENT).read_text().strip()


def damage(folder: Path) -> None:
    """Change a byte in the middle of the largest file of a generation, in a file of its own."""
    largest = max(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    rewritten = largest.with_name("rewritten")
    rewritten.write_bytes(content)
    rewritten.replace(largest)


def test_the_generation_before_a_corrupt_one_serves(chaos_home: Path):
    first = newest(chaos_home).name
    with serving(chaos_home) as served:
        assert served.put("late", "Walnut cabinet").status == 201
    index_market(load_settings(chaos_home), Silent())
    assert newest(chaos_home).name > first
    damage(newest(chaos_home))
    with serving(chaos_home) as served:
        assert served.says(rf"skipped an index generation.*{newest(chaos_home).name}.*bowerbird index")
        assert served.search("red sofa").ids[0] == "red-sofa"
        assert served.search("walnut cabinet").ids == ["late"], "what came after it is replayed"


HARMS = [
    "damage",
    *(
        pytest.param(harm, marks=pytest.mark.long)
        for harm in ("no CURRENT", "garbage in CURRENT", "no manifest")
    ),
]


@pytest.mark.parametrize("harm", HARMS)
def test_the_only_generation_is_corrupt(chaos_home: Path, harm: str):
    folder, current = newest(chaos_home), chaos_home / "index" / CURRENT
    if harm == "damage":
        damage(folder)
    elif harm == "no CURRENT":
        current.unlink()
    elif harm == "garbage in CURRENT":
        current.write_bytes(b"\xff\x00not a name")
    else:
        (folder / "manifest.json").unlink()
    with serving(chaos_home) as served:
        assert served.says("skipped an index generation")
        assert served.search("red sofa").ids[0] == "red-sofa"
        assert served.call("GET", "/health/ready").body["status"] == "ready"


def test_a_corrupt_generation_is_not_taken_up_while_serving(chaos_home: Path):
    with serving(chaos_home) as served:
        os.kill(served.process.pid, signal.SIGSTOP)
        index_market(load_settings(chaos_home), Silent())
        damage(newest(chaos_home))
        os.kill(served.process.pid, signal.SIGCONT)
        assert served.says(rf"skipped an index generation.*{newest(chaos_home).name}")
        assert served.search("red sofa").ids[0] == "red-sofa"
        assert served.put("late", "Walnut cabinet").status == 201
        assert served.search("walnut cabinet").ids == ["late"]
