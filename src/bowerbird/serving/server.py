"""Serving one home until it is stopped, from one process or several."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import uvicorn
from threadpoolctl import threadpool_limits

from bowerbird.assembly import create_home, open_engine, open_event_stores
from bowerbird.errors import InputError, UnavailableError
from bowerbird.intake import is_loopback
from bowerbird.jobs.share_models import shared_models
from bowerbird.serving.access import MAKE_ONE
from bowerbird.serving.app import create_app
from bowerbird.serving.connections import guarded_protocol
from bowerbird.serving.keyring import Keyring
from bowerbird.serving.log_lines import SERVER, set_up_logs
from bowerbird.serving.processes import serve_in_processes
from bowerbird.serving.telemetry import Telemetry
from bowerbird.settings import Settings
from bowerbird.storage.key_store import KeyStore
from bowerbird.storage.model_mirror import ModelFollower, ModelMirror


def serve_home(
    settings: Settings,
    host: str | None,
    port: int | None,
    say: Callable[[str], None],
    processes: int | None = None,
) -> None:
    """Serve the API and the pages of a home; `host`, `port` and `processes` None are those of its settings.

    Raises:
        UnavailableError: the address is taken or not of this machine, the home is not ready, or others reach
            the address and there is no key.
        InputError: its vectors are where one process alone can open them.
    """
    host = host or settings.serving.host
    processes = processes or settings.serving.processes
    set_up_logs(settings.observing)
    if settings.observing.log_format == "json":  # everything that is said
        say = logging.getLogger(SERVER).info
    with _bound(host, settings.serving.port if port is None else port) as listener:
        create_replica(settings)
        say_who_may_call(settings, host, say)
        mirror = shared_models(settings)
        if mirror is not None:
            mirror.pull()
        if processes == 1:
            serve_alone(settings, host, listener, say, Telemetry())
            return
        if settings.index.vector_index == "milvus" and "://" not in settings.milvus.uri:
            raise InputError(
                f"{processes} processes cannot open {settings.milvus.uri} at once; serve with --processes 1, "
                "or set milvus.uri to a server's"
            )
        # Only now, so that a second server at this address was refused.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        serve_in_processes(processes, partial(_serve_among, settings, host), listener, say)


def serve_alone(
    settings: Settings,
    host: str,
    listener: socket.socket,
    say: Callable[[str], None],
    telemetry: Telemetry,
    *,
    among_others: bool = False,
) -> None:
    """Serve a home at a socket that is bound, until this process is told to stop.

    The kernel deals connections out by chance, and one that is kept stays where it is. So a process
    `among_others` that has more in hand than it works on lets go of those that it answers: whoever takes the
    connection that was free last would come back to it for ever, while the others had nothing to do.

    Raises:
        UnavailableError: the home is not ready.
    """
    engine = open_engine(settings)
    app = create_app(engine, settings, host, telemetry)
    say(
        f"bowerbird serves {len(engine.stores.catalogue):,} listings at "
        f"http://{host}:{listener.getsockname()[1]}"
    )
    serving = settings.serving
    config = uvicorn.Config(
        app,
        http=guarded_protocol(serving.max_connections, crowd=serving.threads + 1 if among_others else None),
        log_config=None,  # as the rest of the process
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=serving.keep_alive_seconds,
        forwarded_allow_ips=serving.trusted_proxies,
    )
    # Requests run beside each other; a second thread for one's small matrix products only spins.
    with threadpool_limits(limits=1, user_api="blas"), following(shared_models(settings)):
        uvicorn.Server(config).run(sockets=[listener])


def _serve_among(
    settings: Settings, host: str, listener: socket.socket, counts: Path, say: Callable[[str], None]
) -> None:
    """What one of several processes does."""
    set_up_logs(settings.observing)
    with listener, _beside(listener) as own:
        serve_alone(settings, host, own, say, Telemetry(counts), among_others=True)


def create_replica(settings: Settings) -> None:
    """Make the home of a server that keeps nothing of its own: catalogue, photos and models are elsewhere.

    Raises:
        InputError: it cannot be made there.
    """
    if settings.database and settings.photos.url and settings.models_url:
        create_home(settings)


@contextmanager
def following(mirror: ModelMirror | None) -> Iterator[None]:
    """Take up, for as long as the block lasts, the models that others share; none where there are none."""
    if mirror is None:
        yield
        return
    follower = ModelFollower(mirror)
    follower.start()
    try:
        yield
    finally:
        follower.close()


def say_who_may_call(settings: Settings, host: str, say: Callable[[str], None]) -> None:
    """Say so where calls to `host` need no key.

    Raises:
        UnavailableError: they do, and nobody has one.
    """
    with closing(open_event_stores(settings)) as stores:
        keyring = Keyring(KeyStore(stores.database))
        keyring.reread()
    if keyring.is_empty and is_loopback(host):
        say(f"keys are off: whoever reaches {host} on this machine may do everything; {MAKE_ONE}")
    elif not keyring.has_keys:
        why = "others can reach it" if keyring.is_empty else "keys were made before"
        raise UnavailableError(
            f"{host} is not served without a key, because {why}, and no key is live: {MAKE_ONE}"
        )


def _beside(listener: socket.socket) -> socket.socket:
    """Another socket at the address that `listener` reserves.

    Of processes that accept from one socket the busiest is the quickest to: it is awake. Among sockets of
    their own the kernel deals connections out.
    """
    address = listener.getsockname()
    with _told(address[0], address[1]), ExitStack() as undo:
        own = undo.enter_context(socket.socket(listener.family, listener.type))
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        own.bind(address)
        undo.pop_all()
    return own


def _bound(host: str, port: int) -> socket.socket:
    """A socket bound before the index is opened, which takes longer; port 0 takes a free one."""
    with _told(host, port), ExitStack() as undo:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = undo.enter_context(socket.socket(family, kind))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        undo.pop_all()
    return listener


@contextmanager
def _told(host: str, port: int) -> Iterator[None]:
    """Why an address cannot be had."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"{host}:{port} cannot be listened on: {error}; stop what uses it, or give another --port"
        ) from error
