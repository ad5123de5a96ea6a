"""One process that serves one home until it is stopped."""

import socket
from collections.abc import Callable
from contextlib import ExitStack

import uvicorn
from threadpoolctl import threadpool_limits

from bowerbird.assembly import open_engine
from bowerbird.errors import UnavailableError
from bowerbird.serving.app import create_app
from bowerbird.settings import Settings


def serve_home(settings: Settings, host: str | None, port: int | None, say: Callable[[str], None]) -> None:
    """Serve the API and the pages of a home; `host` and `port` None are those of its settings.

    Raises:
        UnavailableError: the address is taken or not of this machine, or the home is not ready.
    """
    host = host or settings.serving.host
    with _bound(host, settings.serving.port if port is None else port) as listener:
        engine = open_engine(settings)
        say(
            f"bowerbird serves {len(engine.stores.catalogue):,} listings at "
            f"http://{host}:{listener.getsockname()[1]}"
        )
        config = uvicorn.Config(create_app(engine, settings), log_level="warning", access_log=False)
        # Requests run beside each other; a second thread for one's small matrix products only spins.
        with threadpool_limits(limits=1, user_api="blas"):
            uvicorn.Server(config).run(sockets=[listener])


def _bound(host: str, port: int) -> socket.socket:
    """A socket bound before the index is opened, which takes longer; port 0 takes a free one."""
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as undo:
            listener = undo.enter_context(socket.socket(family, kind))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            undo.pop_all()
        return listener
    except OSError as error:
        raise UnavailableError(
            f"{host}:{port} cannot be listened on: {error}; stop what uses it, or give another --port"
        ) from error
