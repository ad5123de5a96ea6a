"""Settings reach the parts that they are about."""

from contextlib import closing
from pathlib import Path

import pytest

from bowerbird.assembly import create_home, open_stores
from bowerbird.errors import InputError
from bowerbird.settings import load_settings


def test_max_tokens_is_how_much_of_a_text_is_read(home: Path):
    whole, short = (load_settings(home, encoders={"max_tokens": tokens}) for tokens in (0, 16))
    with closing(open_stores(whole)) as stores, closing(open_stores(short)) as reading_less:
        assert stores.vectors.text_encoder.max_length == 128
        assert reading_less.vectors.text_encoder.max_length == 16
        assert stores.encoders["text"] != reading_less.encoders["text"]


def test_a_home_where_a_file_is_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(InputError, match="give another --home"):
            create_home(load_settings(home))
