"""Search over everything: words, queries, excerpts, and the kinds of object that are found. Imports no database but in kinds."""
