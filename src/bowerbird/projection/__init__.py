"""The catalogue's projection into a searchable index: built, opened, kept up to date."""
