"""One process that serves one home until it is stopped."""

from collections.abc import Callable

import uvicorn

from bowerbird.assembly import open_engine
from bowerbird.serving.app import create_app
from bowerbird.settings import Settings


def serve_home(settings: Settings, host: str | None, port: int | None, say: Callable[[str], None]) -> None:
    """Serve the API and the pages of a home; `host` and `port` None are those of its settings."""
    host = host or settings.serving.host
    port = settings.serving.port if port is None else port
    engine = open_engine(settings)
    say(f"bowerbird serves {len(engine.stores.catalogue):,} listings at http://{host}:{port}")
    uvicorn.run(create_app(engine, settings), host=host, port=port, log_level="warning", access_log=False)
