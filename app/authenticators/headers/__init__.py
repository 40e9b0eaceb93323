"""Identities in unsigned headers of a trusted proxy."""
