"""A signed token in a header or a cookie."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from app.authenticators.credentials import cookie_value, header_value
from app.authenticators.jwt import google_iap
from app.authenticators.jwt.assertion import Assertion, own_claims
from app.authenticators.jwt.discovery import discovered
from app.authenticators.jwt.fetched_keys import FetchedKeys
from app.authenticators.jwt.key_server import KeyServer
from app.authenticators.jwt.keys import FixedKeys
from app.authenticators.jwt.own_choice import with_own_choice
from app.authenticators.jwt.rules import Rules, normal_type
from app.authenticators.jwt.variables import OFF, JwtVariables
from app.authenticators.token_kind import check_is_of_a_user
from app.settings.files import read_file
from app.settings.problems import InvalidSettings, Problem
from app.tokens.jwks import jwk_set, pem_key, shared_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import falcon.asgi

    from app.authenticators.contract import AuthenticatorContext
    from app.authenticators.jwt.keys import Keys
    from app.identity import Identity


VARIABLES: Final = JwtVariables


def from_settings(context: AuthenticatorContext) -> Assertion:
    """Build the engine from its variables.

    Claims that a preset requires stay required, whatever REQUIRED_CLAIMS says.
    """
    context = with_own_choice(context)
    variables = context.read(JwtVariables)
    keys = _keys(variables, context.name)
    if isinstance(keys, FixedKeys) and (wrong := _wrong_keys(keys, variables, context.own_keys)):
        name = "JWKS_FILE" if variables.public_key_file is None else "PUBLIC_KEY_FILE"
        raise InvalidSettings([Problem(f"{context.prefix}{name}", wrong)])
    wanted = {**variables.required_claims, **context.defaults.get("required_claims", {})}
    return Assertion(
        take=_place(variables),
        rules=Rules(
            algorithms=frozenset(variables.algorithms),
            issuers=_unless_off(variables.issuer),
            audiences=_unless_off(variables.audience),
            token_types=frozenset(map(normal_type, variables.token_type)),
            wanted_claims=wanted,
            leeway_seconds=variables.leeway_seconds,
            max_age_seconds=variables.max_age_seconds,
            max_lifetime_seconds=variables.max_lifetime_seconds,
            prefix=context.prefix,
        ),
        keys=keys,
        identity_from=partial(_identity, variables),
        max_token_bytes=variables.max_token_bytes,
        claims_of=google_iap.claims_of if google_iap.ISSUER in variables.issuer else own_claims,
        own_keys=context.own_keys,
        sources=variables.sources,
        now=context.now,
        unchecked=tuple(
            f"{context.prefix}{name.upper()}"
            for name in ("issuer", "audience")
            if getattr(variables, name) == (OFF,) and context.defaults.get(name) != OFF
        ),
        script_header=None if "header" in context.defaults else variables.header,
    )


def _wrong_keys(keys: FixedKeys, variables: JwtVariables, own_keys: frozenset[bytes]) -> str | None:
    """Return why the keys of a file cannot be those of a login."""
    if keys.fingerprints & own_keys:
        return "has a key that this service signs with: a token for a vendor would be a session"
    if keys.algorithms.isdisjoint(variables.algorithms):
        wanted, found = ",".join(variables.algorithms), ",".join(sorted(keys.algorithms))
        return f"has no key for ALGORITHMS={wanted}; what it has is for {found}"
    return None


def _identity(variables: JwtVariables, claims: Mapping[str, Any]) -> Identity:
    check_is_of_a_user(claims)
    issuer = claims.get("iss") if variables.issuer != (OFF,) else None
    return variables.identity_from(claims, issuer=issuer)


def _place(variables: JwtVariables) -> Callable[[falcon.asgi.Request], bytes]:
    if variables.cookie is not None:
        return partial(cookie_value, name=variables.cookie.encode())
    name, scheme = variables.header or "", variables.header_prefix.lower().removeprefix(OFF)
    return partial(header_value, name=name.encode(), scheme=scheme.encode())


def _keys(variables: JwtVariables, name: str) -> Keys:
    if variables.secret is not None:
        return FixedKeys(shared_secret(variables.opened_secret(), variables.algorithms))
    if variables.public_key_file is not None:
        return FixedKeys(pem_key(read_file(variables.public_key_file)))
    if variables.jwks_file is not None:
        return FixedKeys(jwk_set(read_file(variables.jwks_file)))
    server = KeyServer(timeout_seconds=variables.http_timeout_seconds)
    if variables.discovery_url is not None:
        fetch = partial(
            discovered,
            server,
            variables.discovery_url,
            issuer=variables.issuer[0],
            http_allowed=variables.allow_http,
        )
    else:
        fetch = partial(server.get, variables.jwks_url or "")
    return FetchedKeys(
        server,
        fetch,
        ttl_seconds=variables.jwks_ttl_seconds,
        max_stale_seconds=variables.jwks_max_stale_seconds,
        name=name,
    )


def _unless_off(names: tuple[str, ...]) -> frozenset[str] | None:
    return None if names == (OFF,) else frozenset(names)
