"""The registry as clients of the Confluent API know it: subjects, whole-numbered versions, ids, levels and modes.

One registry, two faces: a subject is a contract, and registering goes through the manifests' door and the gate. The portal owns
the HTTP face, `portal/registry`.
"""
