"""Several processes that serve one home at one address: a processor each, one restarted where it dies.

Python works on one thing at a time in a process. Each of these has the whole engine and a socket of its own
at the one address; they share the home and its stores, and follow one another's changes as servers on several
machines do. What they count for Prometheus lies in files of one folder, so that any of them tells of all.
"""

import logging
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from socket import socket

from bowerbird.errors import BowerbirdError, UnavailableError

log = logging.getLogger(__name__)
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where prometheus_client looks for it, once it is imported
_SPAWN = multiprocessing.get_context("spawn")
_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 1.0  # before a process that died is started again

# Serves at the address of a bound socket until it is told to stop; calls the last with what to say of it.
Serve = Callable[[socket, Path, Callable[[str], None]], None]


def serve_in_processes(count: int, serve: Serve, listener: socket, say: Callable[[str], None]) -> None:
    """Run `serve`, which can be pickled, in `count` processes until this one is told to stop.

    Raises:
        BowerbirdError: what the first of them failed with before it served.
        UnavailableError: it ended without a word.
    """
    stopped = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with tempfile.TemporaryDirectory(prefix="bowerbird-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        processes: list[BaseProcess] = []
        try:
            for number in before:
                signal.signal(number, lambda *_: stopped.set())
            first, said = _started(serve, listener, Path(folder))
            processes.append(first)
            _await_word(first, said, stopped, say)
            while not stopped.is_set():
                processes = [process for process in processes if _lives(process)]
                while len(processes) < count and not stopped.is_set():
                    processes.append(_started(serve, listener, Path(folder))[0])
                wait([process.sentinel for process in processes], _POLL_SECONDS)
        finally:
            for process in processes:
                process.terminate()  # it answers what it has begun
            for process in processes:
                process.join()
            for number, handler in before.items():
                signal.signal(number, handler)
            del os.environ[METRICS_FOLDER]


def _started(serve: Serve, listener: socket, folder: Path) -> tuple[BaseProcess, Connection]:
    said, word = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_run, args=(serve, listener, folder, word, os.getpid()))
    process.start()
    word.close()
    return process, said


def _run(serve: Serve, listener: socket, folder: Path, word: Connection, parent: int) -> None:
    """What a process does. It stops where its parent was killed, or nobody could take its address again."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="bowerbird-parent", daemon=True).start()
    try:
        serve(listener, folder, lambda line: _tell(word, line))
    except BowerbirdError as error:
        _tell(word, error)


def _tell(word: Connection, what: str | BowerbirdError) -> None:
    try:
        word.send(what)
    except OSError:  # nobody listens: the first process has served long since
        if isinstance(what, BowerbirdError):
            log.error("a server process could not start: %s", what.message)


def _await_word(
    process: BaseProcess, said: Connection, stopped: threading.Event, say: Callable[[str], None]
) -> None:
    while not stopped.is_set():
        if said.poll(_POLL_SECONDS):
            try:
                word = said.recv()
            except EOFError:
                word = UnavailableError("the server ended before it served; see what it printed")
            if isinstance(word, BaseException):
                process.join()
                raise word
            say(word)
            return


def _lives(process: BaseProcess) -> bool:
    if process.exitcode is None:
        return True
    log.error("server process %d ended with %d; another one starts", process.pid, process.exitcode)
    time.sleep(_PAUSE_SECONDS)
    return False
