"""Vectors and words become searchable."""
