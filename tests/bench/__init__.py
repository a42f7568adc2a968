"""Benchmarks: ratios in one run, on this machine, with real processes. Never a test: nothing passes or fails here."""
