"""Refuse weak shared secrets: short, guessable, or a key of another kind."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

_PUBLISHED_SECRETS = frozenset(
    {
        b"a-string-secret-at-least-256-bits-long",
        b"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
        b"your-256-bit-secret",
        b"your-384-bit-secret",
        b"your-512-bit-secret",
        b"changeme",
        b"password",
        b"secret",
    }
)
"""Secrets in debuggers and tutorials; anyone can sign with them."""

_ENOUGH_TO_JUDGE_BYTES = 32
_FEWEST_DISTINCT_BYTES = 8
_LONGEST_PERIOD_BYTES = 16


class WeakSecret(ValueError):
    """A secret that anyone could find out, or that is not a secret."""


class ShortSecret(WeakSecret):
    """A secret that is shorter than its hash, which some vendors choose."""


def check_secret(secret: bytes, *, needed: int, allow_short: bool = False) -> None:
    """Check that a secret is long enough and cannot be guessed; `needed` is in bytes.

    Raises:
        ShortSecret: shorter than needed (RFC 7518, section 3.2) unless `allow_short`.
        WeakSecret: empty, published, repetitive, or a key of another kind (CVE-2026-48526: a
            public key taken for a secret).
    """
    if not secret:
        raise WeakSecret("is empty")
    if len(secret) < needed and not allow_short:
        raise ShortSecret(f"is {len(secret)} bytes long; {needed} are needed")
    if secret.lower() in _PUBLISHED_SECRETS or _is_repetitive(secret):
        raise WeakSecret("can be guessed; use a random one: openssl rand -base64 48")
    if _is_other_key(secret):
        raise WeakSecret("is a PEM, DER, JWK or JSON document, not a shared secret")


def _is_repetitive(secret: bytes) -> bool:
    if len(secret) < _ENOUGH_TO_JUDGE_BYTES:
        return False  # short by permission, and too short to judge
    if len(set(secret)) < _FEWEST_DISTINCT_BYTES:
        return True
    return any(
        secret == (secret[:n] * len(secret))[: len(secret)]
        for n in range(1, 1 + _LONGEST_PERIOD_BYTES)
    )


def _is_other_key(secret: bytes) -> bool:
    text = secret.strip()
    if b"-----BEGIN" in text:
        return True
    try:
        if isinstance(json.loads(text), dict | list):
            return True
    except ValueError:
        pass
    return _is_der(secret)


def _is_der(secret: bytes) -> bool:
    for load in (load_der_public_key, lambda der: load_der_private_key(der, password=None)):
        try:
            load(secret)
        except Exception:  # noqa: BLE001, S112 - the parser raises many classes; each means "not DER"
            continue
        return True
    return False
