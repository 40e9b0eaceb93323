"""Identities in signed tokens."""
