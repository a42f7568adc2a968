"""The history of every governed object: which kinds there are, their revisions, and restoring one as a new revision."""
