"""Tell a user's access token from other tokens that the same server signs or calls active."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.errors import InvalidCredential, shown
from app.identity import ascii_lower
from app.tokens import base64url

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACCESS_TOKEN: Final[Mapping[str, frozenset[str]]] = {
    "token_type": frozenset({"bearer", "access_token", "access"}),
    "token_use": frozenset({"access_token", "access"}),
    "typ": frozenset({"bearer", "jwt", "at+jwt", "access", "access_token"}),
}
"""What servers say of an access token that whoever bears it may use: `token_type` is RFC 6749's
(RFC 7662, section 2.2), `token_use` is Ory Hydra's and Amazon Cognito's, `typ` is Keycloak's, whose
refresh tokens are `Refresh` and `Offline`."""

_CLIENTS: Final = ("client_id", "azp", "cid", "appid")
"""Claims that name the client (RFC 9068, section 2.2; OpenID Connect Core 1.0; Okta; Entra ID)."""

_GRANTS: Final = ("gty", "grant_type")
_CLIENT_GRANTS: Final = frozenset({"client-credentials", "client_credentials"})


def check_is_of_a_user(claims: Mapping[str, Any]) -> None:
    """Refuse a client's own token, and one that only who has a further key may use.

    Raises:
        InvalidCredential: it is one of these.
    """
    if claims.get("cnf") is not None:
        raise InvalidCredential(
            "the token is bound to a key (cnf, RFC 7800), and nothing proves that the sender has it"
        )
    check_is_no_clients(claims)


def check_is_no_clients(claims: Mapping[str, Any]) -> None:
    """Refuse a client's own token, also where a proxy has verified it.

    Raises:
        InvalidCredential: it is one.
    """
    if _is_clients_own(claims):
        raise InvalidCredential("the token is a client's own, and names no user")


def check_is_access_token(claims: Mapping[str, Any]) -> None:
    """Refuse an active token that is a refresh token, an ID token, or not for bearers.

    Raises:
        InvalidCredential: it is another kind of token.
    """
    for name, accepted in _ACCESS_TOKEN.items():
        found = claims.get(name)
        if found is None:
            continue
        kind = ascii_lower(found).removeprefix("application/") if isinstance(found, str) else ""
        if kind not in accepted:
            raise InvalidCredential(
                f"the token is not an access token for bearers: its {name} is {shown(found)}"
            )


def _is_clients_own(claims: Mapping[str, Any]) -> bool:
    """Tell whether no user has part in a token (RFC 9068, section 5, has the danger).

    The subject is then the client itself, as it is or as dex writes it, or Keycloak's account of
    it; Auth0 and others name the grant, Entra ID has `idtyp`.
    """
    clients = [value for name in _CLIENTS if isinstance(value := claims.get(name), str) and value]
    accounts = {f"service-account-{ascii_lower(client)}" for client in clients}
    names = [claims.get(name) for name in ("username", "preferred_username")]
    return (
        claims.get("sub") in clients
        or _is_clients_own_by_dex(claims)
        or any(isinstance(name, str) and name in accounts for name in names)
        or any(str(claims.get(name)) in _CLIENT_GRANTS for name in _GRANTS)
        or claims.get("idtyp") == "app"
    )


def _is_clients_own_by_dex(claims: Mapping[str, Any]) -> bool:
    """Tell whether the subject is a protobuf message of the audience's id, and of no connector.

    A user's has the connector, too (dex, server/internal/types.proto: `IDTokenSubject`). The id
    comes after its number, 1, and its length of one or two bytes.
    """
    audience = claims.get("aud")
    try:
        message = base64url.decode(str(claims.get("sub")))
    except ValueError:
        return False
    names = audience if isinstance(audience, list) else [audience]
    clients = [str(name).encode(errors="surrogatepass") for name in names]
    return message.startswith(b"\n") and (message[2:] in clients or message[3:] in clients)
