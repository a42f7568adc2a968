"""Patterns: ways of building workflows, as files of the product, and which workflows use them. Pure, no database."""
