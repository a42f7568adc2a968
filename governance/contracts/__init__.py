"""Contracts as schemas: validation of payloads. Pure of Django where it can be; comparison joins it with the registry."""
