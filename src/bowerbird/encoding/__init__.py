"""Listings become vectors, by exported networks; no torch."""
