"""How each kind of thing is painted, a family a module."""
