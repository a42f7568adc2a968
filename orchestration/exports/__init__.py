"""Objectives in the forms of other tools. Pure: rows in, documents out."""
