"""Candidates become an order, with reasons."""
