"""Milvus for the tests: milvus-lite in this process, and the real server inside the PyPI package `milvus`."""

import atexit
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest

from bowerbird.errors import UnavailableError
from bowerbird.indexing.milvus_settings import MilvusSettings
from own_folder import own_folder

SECONDS_TO_START = 180  # it unpacks itself first


@cache
def lite_uri() -> str:
    """A database file of this process's own, gone with it; skips where milvus-lite is not installed."""
    pytest.importorskip("pymilvus", reason="pip install 'bowerbird[milvus]' for the tests of Milvus")
    pytest.importorskip("milvus_lite", reason="pip install milvus-lite for the tests of Milvus")
    folder = own_folder("milvus")
    atexit.register(_release, folder)
    return str(folder / "milvus.db")


@cache
def server_uri() -> str:
    """A real server, stopped when this process ends; skips where the package is not installed."""
    pytest.importorskip("pymilvus", reason="pip install 'bowerbird[milvus]' for the tests of Milvus")
    if importlib.util.find_spec("milvus") is None:
        pytest.skip("pip install milvus for the tests of the real server; it is for Linux on x86-64 only")
    folder, port = own_folder("milvus"), _free_port()
    start = "import sys, milvus; sys.argv = ['milvus', *sys.argv[1:]]; milvus.main()"
    options = ("--data", folder, "--proxy-port", str(port))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", start, *options], stdout=log, stderr=log, start_new_session=True
        )
    atexit.register(_stop, process, folder)
    uri = f"http://127.0.0.1:{port}"
    _wait_for(uri, process, folder / "log")
    return uri


def _release(folder: Path) -> None:
    from milvus_lite.server_manager import server_manager_instance

    server_manager_instance.release_all()  # which writes what is in its memory
    shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _wait_for(uri: str, process: subprocess.Popen[bytes], log: Path) -> None:
    from bowerbird.indexing.milvus_collection import version_of

    last_try = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < last_try:
        try:
            version_of(MilvusSettings(uri, timeout_seconds=5))
        except UnavailableError:
            time.sleep(1)
        else:
            return
    pytest.skip(f"the Milvus server did not start here: {log.read_text()[-500:]}")


def _stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)  # its data are nobody's
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
