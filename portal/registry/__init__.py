"""`/registry/`: the portal as clients of the Confluent Schema Registry REST API know it.

Owns HTTP alone; governance/registry the rest.
"""
