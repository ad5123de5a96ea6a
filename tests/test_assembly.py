"""Settings reach the parts that they are about."""

from contextlib import closing
from pathlib import Path

from bowerbird.assembly import open_stores
from bowerbird.settings import load_settings


def test_max_tokens_is_how_much_of_a_text_is_read(home: Path):
    whole, short = (load_settings(home, encoders={"max_tokens": tokens}) for tokens in (0, 16))
    with closing(open_stores(whole)) as stores, closing(open_stores(short)) as reading_less:
        assert stores.vectors.text_encoder.max_length == 128
        assert reading_less.vectors.text_encoder.max_length == 16
        assert stores.encoders["text"] != reading_less.encoders["text"]
