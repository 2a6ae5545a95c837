"""The machine terms of each kind of entry: what a replay needs, and never a name or a payload.

Purposes and sections are plain words here, because a word that leaves the code tables must still be
read ten years later. In the ledger for ten years: add fields with a default, never rename.
"""
