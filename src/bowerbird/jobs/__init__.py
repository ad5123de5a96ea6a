"""Import, encode, index and export as resumable jobs."""
