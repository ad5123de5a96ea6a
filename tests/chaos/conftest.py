"""Homes that a chaos test may ruin."""

from pathlib import Path

import pytest

from market_homes import MarketHomes


@pytest.fixture
def chaos_home(indexed_home: Path, tmp_path: Path) -> Path:
    """A copy of the known market's home on SQLite, none of whose files are shared with others."""
    return MarketHomes(None).copy(indexed_home, tmp_path / "chaos")
