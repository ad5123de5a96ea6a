"""A taste becomes a feed: candidates, one score, variety, reasons."""
