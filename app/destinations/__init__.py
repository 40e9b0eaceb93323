"""Vendors: where their users go, and with which token."""
