"""Index generations: published whole, verified, pruned, cloned."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from bowerbird import __version__
from bowerbird.errors import InputError, NotFoundError, UnavailableError
from bowerbird.storage.generations import Generation, Generations

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
FILES = {"keywords/meta.json": b"{}", "keywords/terms": b"red sofa" * 99, "vectors/rows.faiss": bytes(5000)}


@pytest.fixture
def generations(tmp_path: Path) -> Generations:
    return Generations(tmp_path / "index")


def staged(generations: Generations, content: bytes = b"") -> Path:
    folder = generations.stage()
    for name, data in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data + content)
    return folder


def publish(generations: Generations, revision: int) -> Generation:
    return generations.publish(
        staged(generations, b"%d" % revision),
        revision=revision,
        encoders={"text": "aaaa", "photo": "bbbb"},
        counts={"listings": 3, "photos": 5},
        cutoff={"z": 4.5},
        created_at=NOON,
    )


def left_by_a_dead_process(index: Path, action: str) -> Path:
    """The folder that a process made and did not live to use."""
    script = (
        "from pathlib import Path; from bowerbird.storage.generations import Generations; import os, signal\n"
        f"generations = Generations(Path({str(index)!r})); print({action}, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    return Path(ended.stdout.strip())


def test_there_is_none_at_first(generations: Generations):
    assert generations.newest() is None
    assert generations.current_name() is None
    assert generations.prune() == []


def test_what_was_published_is_the_newest(generations: Generations, tmp_path: Path):
    for revision in (7, 7, 12):
        published = publish(generations, revision)
        assert generations.newest() == Generations(tmp_path / "index").newest() == published
        assert generations.current_name() == published.name
    assert published.folder == tmp_path / "index" / "00000003"
    assert (published.folder / "keywords/terms").read_bytes() == FILES["keywords/terms"] + b"12"
    assert not list(tmp_path.rglob(".staging*"))


def test_the_manifest_says_all(generations: Generations):
    manifest = publish(generations, 7).manifest
    assert (manifest.name, manifest.revision, manifest.created_at) == ("00000001", 7, NOON)
    assert manifest.encoders == {"text": "aaaa", "photo": "bbbb"}
    assert (manifest.counts, manifest.cutoff) == ({"listings": 3, "photos": 5}, {"z": 4.5})
    assert manifest.bowerbird_version == __version__
    assert {name: about.bytes for name, about in manifest.files.items()} == {
        name: len(data) + 1 for name, data in FILES.items()
    }


def _cut(generation: Generation) -> None:
    os.truncate(generation.folder / "vectors/rows.faiss", 10)


def _flip(generation: Generation) -> None:
    path = generation.folder / "vectors/rows.faiss"
    data = bytearray(path.read_bytes())
    data[2500] ^= 1
    path.write_bytes(data)


def _later_format(generation: Generation) -> None:
    path = generation.folder / "manifest.json"
    path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), "format": 99}))


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (_cut, "00000003 has a damaged vectors/rows.faiss"),
        (_flip, "00000003 has a damaged vectors/rows.faiss"),
        (lambda broken: (broken.folder / "keywords/terms").unlink(), "00000003 lacks keywords/terms"),
        (lambda broken: (broken.folder / "manifest.json").unlink(), "00000003 has no readable manifest.json"),
        (
            lambda broken: (broken.folder / "manifest.json").write_text("[]"),
            "00000003 has no readable manifest",
        ),
        (lambda broken: broken.folder.rename(broken.folder.with_name("gone")), "00000003 has no readable"),
        (_later_format, "00000003 was written by another bowerbird"),
    ],
)
def test_a_broken_generation_gives_way_to_the_one_before_and_it_is_said(
    generations: Generations,
    caplog: pytest.LogCaptureFixture,
    harm: Callable[[Generation], None],
    reason: str,
):
    publish(generations, 1)
    whole = publish(generations, 2)
    harm(publish(generations, 3))
    selection = generations.select()
    assert selection.generation == whole
    assert len(selection.skipped) == 1
    assert selection.skipped[0].startswith(reason)
    with caplog.at_level(logging.WARNING):
        assert generations.newest() == whole
    assert reason in caplog.text


def test_where_all_are_broken_there_is_none(generations: Generations):
    for revision in (1, 2):
        _cut(publish(generations, revision))
    selection = generations.select()
    assert selection.generation is None
    assert len(selection.skipped) == 2


@pytest.mark.parametrize("content", [None, "", "../elsewhere", "nonsense\n"])
def test_a_lost_current_is_said(generations: Generations, tmp_path: Path, content: str | None):
    publish(generations, 1)
    newest = publish(generations, 2)
    current = tmp_path / "index" / "CURRENT"
    current.unlink() if content is None else current.write_text(content)
    selection = generations.select()
    assert selection.generation == newest
    assert "CURRENT is missing or unreadable" in selection.skipped[0]
    assert publish(generations, 3).name == "00000003"
    assert generations.select().skipped == ()


def test_a_generation_cut_off_before_it_became_current_is_not_taken(generations: Generations, tmp_path: Path):
    first = publish(generations, 1)
    publish(generations, 2)
    (tmp_path / "index" / "CURRENT").write_text(
        f"{first.name}\n"
    )  # as a kill between the two steps leaves it
    assert generations.newest() == first
    assert publish(generations, 3).name == "00000003"


def test_prune_keeps_the_current_and_those_before(generations: Generations):
    for revision in range(5):
        publish(generations, revision)
    assert generations.prune(keep=2) == ["00000003", "00000002", "00000001"]
    assert generations.prune(keep=1) == ["00000004"]
    assert generations.prune(keep=1) == []
    assert generations.newest().manifest.revision == 4
    with pytest.raises(InputError, match="at least 1 generation"):
        generations.prune(keep=0)


def test_a_number_is_never_used_again(generations: Generations):
    publish(generations, 1)
    publish(generations, 2)
    generations.prune(keep=1)
    assert publish(generations, 3).name == "00000003"


def test_prune_sweeps_what_the_dead_left_and_spares_the_living(generations: Generations, tmp_path: Path):
    index = tmp_path / "index"
    publish(generations, 1)
    dead = [
        left_by_a_dead_process(index, "generations.stage()"),
        left_by_a_dead_process(index, "generations.clone(generations.newest(), 'keywords')"),
    ]
    assert all(folder.is_dir() for folder in dead)
    (index / ".CURRENT.0a1b.tmp").write_text("unfinished")
    mine, other = staged(generations), Generations(index).stage()
    working = generations.clone(generations.newest(), "keywords")
    generations.prune()
    assert sorted(path.name for path in index.iterdir()) == sorted(
        ["00000001", "CURRENT", mine.name, other.name, working.name]
    )


def test_discard_removes_a_folder_at_once(generations: Generations, tmp_path: Path):
    generations.discard(staged(generations))
    assert list((tmp_path / "index").iterdir()) == []


def test_a_clone_is_private(generations: Generations, tmp_path: Path):
    published = publish(generations, 1)
    (published.folder / "keywords/.tantivy-writer.lock").touch()
    for copy in (
        generations.clone(published, "keywords"),
        generations.clone(published, "keywords", tmp_path / "copy"),
    ):
        assert sorted(path.name for path in copy.iterdir()) == ["meta.json", "terms"]
        assert (copy / "terms").samefile(published.folder / "keywords/terms")
        (copy / "new").write_bytes(b"changed")
        (copy / "new").replace(copy / "meta.json")
        (copy / "terms").unlink()
    assert generations.select().skipped == ()
    with pytest.raises(NotFoundError, match="generation 00000001 has no nothing"):
        generations.clone(published, "nothing")


def test_a_clone_copies_where_no_link_can_be(generations: Generations):
    other_disk = Path("/dev/shm")  # noqa: S108
    if not other_disk.is_dir() or other_disk.stat().st_dev == generations.stage().stat().st_dev:
        pytest.skip("there is no second file system here")
    target = other_disk / f"bowerbird-test-{os.getpid()}"
    try:
        copy = generations.clone(publish(generations, 1), "keywords", target)
        assert (copy / "terms").read_bytes() == FILES["keywords/terms"] + b"1"
        assert (copy / "terms").stat().st_nlink == 1
    finally:
        generations.discard(target)


def test_a_disk_that_takes_nothing_is_told(generations: Generations):
    folder = staged(generations)
    generations.discard(folder)
    with pytest.raises(UnavailableError, match=r"publishing .* failed: .* check the disk"):
        generations.publish(folder, revision=1, encoders={}, counts={}, cutoff={})
    assert generations.newest() is None
