"""Who owns what, as other tools have it: Backstage catalogs and CODEOWNERS files, read and held against the portal.

Pure reading here; governance/services/ownership.py holds it against what there is, and writes.
"""
