"""Identities that the host application is asked for."""
