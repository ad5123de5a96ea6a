"""The only web code."""
