"""The example company: a sandbox of services, its manifests, tasks, traffic and documents.

Owns everything that `make start` shows on a first start. Nothing in the product imports from here.
"""
