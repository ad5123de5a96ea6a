"""The server's address is taken before the index is opened."""

import socket

import pytest

from bowerbird.errors import InputError, UnavailableError
from bowerbird.serving.server import serve_home
from bowerbird.settings import Settings


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_cannot_be_had_is_said(small_market: Settings, host: str):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UnavailableError, match=f"{host}:{port} cannot be listened on"):
            serve_home(small_market, host, port, pytest.fail)


def test_a_file_that_one_process_alone_can_open_is_not_given_to_two(small_market: Settings):
    index = small_market.index.model_copy(update={"vector_index": "milvus"})
    milvus = small_market.milvus.model_copy(update={"uri": "milvus.db"})
    settings = small_market.model_copy(update={"index": index, "milvus": milvus})
    with pytest.raises(InputError, match=r"2 processes cannot open milvus\.db at once"):
        serve_home(settings, "127.0.0.1", 0, lambda _: None, processes=2)
