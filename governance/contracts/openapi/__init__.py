"""APIs: two OpenAPI documents are compared, operation by operation, by the same proofs as contracts. Pure like its parent.

`compare_openapi` (comparing.py) is the door. source.py reads a document and operations.py its operations; surface.py,
security.py and lifecycle.py compare what is not a payload; payloads.py asks the engine about what is one, as sides.py
makes documents of it in the words of schemas.py.
"""
