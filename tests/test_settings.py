"""Settings that cannot be used are said where they stand."""

from pathlib import Path

import pytest

from bowerbird.errors import InputError
from bowerbird.settings import load_settings


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rrf_k =", "bowerbird.toml is not valid TOML"),
        ('[search]\nrrf_k = "many"', r"search.rrf_k: .*given: 'many'"),
        ("[search]\nrrf = 60", r"search.rrf: Extra inputs"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, says: str):
    (tmp_path / "bowerbird.toml").write_text(text)
    with pytest.raises(InputError, match=says):
        load_settings(tmp_path)


def test_an_environment_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BOWERBIRD_SEARCH", "x")
    with pytest.raises(InputError, match=r'cannot be read: .*"search".*or the environment'):
        load_settings(tmp_path)


def test_the_environment_stands_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "bowerbird.toml").write_text("[search]\nrrf_k = 10\ntext_depth = 7\n")
    monkeypatch.setenv("BOWERBIRD_SEARCH__RRF_K", "20")
    assert load_settings(tmp_path).search.rrf_k == 20
    assert load_settings(tmp_path).search.text_depth == 7
