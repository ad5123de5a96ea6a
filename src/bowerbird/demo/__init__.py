"""A drawn market whose truth is known."""
