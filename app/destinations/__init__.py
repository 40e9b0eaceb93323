"""Vendors, as settings that give `Destination` values."""
