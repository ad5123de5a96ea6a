"""The steps from one schema to the next; run by `open_database`, never by hand."""
