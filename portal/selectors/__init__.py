"""Reads that pages of several nouns share. Never writes."""
