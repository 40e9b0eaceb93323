"""What the operator chooses instead of a preset's place of the token, or its source of keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from app.settings.variables import Variables

if TYPE_CHECKING:
    from app.authenticators.contract import AuthenticatorContext

_PLACES: Final = ("header", "cookie")
KEY_SOURCES: Final = ("jwks_url", "discovery_url", "jwks_file", "public_key_file", "secret")


class _Chosen(Variables):
    """The variables of which one is set, as the operator has set them, without a preset."""

    header: str | None = None
    cookie: str | None = None
    jwks_url: str | None = None
    discovery_url: str | None = None
    jwks_file: str | None = None
    public_key_file: str | None = None
    secret: SecretStr | None = None


def with_own_choice(context: AuthenticatorContext) -> AuthenticatorContext:
    """Return the context without defaults of a preset that the operator's own choice replaces.

    Of several variables exactly one is set; there is no way to unset a preset's but to set another.
    """
    chosen = context.reader(_Chosen, prefix=context.prefix, defaults={})
    defaults = dict(context.defaults)
    for names in (_PLACES, KEY_SOURCES):
        if any(getattr(chosen, name) is not None for name in names):
            for name in names:
                defaults.pop(name, None)
    if chosen.cookie is not None:
        defaults.pop("header_prefix", None)
    return replace(context, defaults=defaults)
