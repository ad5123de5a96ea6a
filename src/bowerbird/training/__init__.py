"""The only torch; whole runs, readable top to bottom."""
