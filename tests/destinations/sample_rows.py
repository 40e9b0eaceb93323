"""A row of a destinations file as tests vary it, and keys for rows."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

Rows = Callable[[str], dict[str, str]]
"""Writes a destinations file and returns the variable that names it."""


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def secret(name: str) -> str:
    return f"{name}-0f1e2d3c4b5a69788796a5b4c3d2e1f0-0123456789-abcdefghijklmnop-{name}"


SHORT = '[x]\naddress = "https://x.example/sso"\nparameter = "jwt"\n'
KEY = {"DESTINATION_X_KEY": secret("x")}
