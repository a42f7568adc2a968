"""Postmortems as texts: their sections, and how events read in a timeline. Pure, no database."""
