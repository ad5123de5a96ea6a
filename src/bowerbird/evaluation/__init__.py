"""The ruler: judgements, metrics and their significance; it cannot import what it measures."""
