"""bowerbird: search and recommendation ranking for second-hand marketplaces."""

__version__ = "0.1.0"
