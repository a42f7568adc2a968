"""Figures of the dashboards, as plain dictionaries."""
