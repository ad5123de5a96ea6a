"""A full disk: what is there is served, changes are refused with what to do; with room all is well again."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from served import Served, eventually, serving

from bowerbird.settings import load_settings

MARGIN_BYTES = 40_000_000


@contextmanager
def no_room(served: Served) -> Iterator[None]:
    """No file of the server can be written to, as on a full disk."""
    pid = served.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def meets_a_full_disk(served: Served, fill: AbstractContextManager[None]) -> None:
    """The story, whatever fills the disk while the block `fill` lasts."""
    assert served.put("before", "Walnut cabinet before").status == 201
    assert served.event("e-before").status == 200
    with fill:
        for reply in (served.put("meanwhile", "Walnut cabinet meanwhile"), served.event("e-meanwhile")):
            assert reply.status == 503
            assert reply.headers["retry-after"]
            assert any(part in reply.body["message"] for part in ("not full", "its space")), reply.body
        assert served.search("red sofa").ids[0] == "red-sofa"
        assert served.call("GET", "/v1/shoppers/anne/recommendations").status == 200
        assert served.call("GET", "/health/live").status == 200
    assert eventually(lambda: served.put("after", "Walnut cabinet after").status == 201)
    assert served.event("e-after").status == 200
    assert served.event("e-before").body["duplicate"] == 1, "what was acknowledged is in the log"
    assert served.event("e-meanwhile").body["accepted"] == 1, "what was refused is not"
    assert eventually(lambda: {"before", "after"} <= set(served.search("walnut cabinet").ids))
    assert eventually(lambda: served.call("GET", "/health/ready").body["status"] == "ready")


def test_no_file_grows(chaos_home: Path):
    with serving(chaos_home) as served:
        meets_a_full_disk(served, no_room(served))
    with serving(chaos_home) as served:  # it was killed, so this reads what is on the disk
        assert {"before", "after"} == set(served.search("walnut cabinet").ids)


@pytest.mark.long
def test_a_file_system_is_full(chaos_home: Path, tmp_path: Path):
    mounted = tmp_path / "small"
    mounted.mkdir()
    size = sum(path.stat().st_size for path in chaos_home.rglob("*") if path.is_file()) + MARGIN_BYTES
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(mounted)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can be mounted by root only, and not in every container")
    try:
        home = mounted / "home"
        shutil.copytree(chaos_home, home)
        with serving(home) as served:
            meets_a_full_disk(served, _filled(mounted))
        assert load_settings(home).home == home
    finally:
        subprocess.run(["umount", "--lazy", str(mounted)], check=True)


@contextmanager
def _filled(folder: Path) -> Iterator[None]:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        block = b"x" * 65_536
        while block:
            try:
                file.write(block)
            except OSError:
                block = block[: len(block) // 2]
    yield
    filler.unlink()
