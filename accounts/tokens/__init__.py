"""Tokens: the keys that sign them, issuing, verifying, revoking."""
