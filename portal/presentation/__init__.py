"""Turns facts into what pages show: words, quantities, geometry. Pure: no models, no requests, no database."""
