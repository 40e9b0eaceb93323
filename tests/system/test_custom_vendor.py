"""A vendor that nothing in the service knows: five lines of TOML and a key."""

import json
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey, import_key

from .acme import ADA, BEHIND_OAUTH2_PROXY
from .service import run, serving
from .vendor import arrive

KEY = "anybody-7Hq2LxVb9Zr4Qf0pSxkTnwKc8JdMeYuG"
ROW = """[anybody]
address = "https://market.example.com/sso"
parameter = "jwt"
lifetime_seconds = 300
claims = { iat = "{issued_at}", exp = "{expires_at}", sub = "{subject}", email = "{email}" }
"""


def test_five_lines_and_a_key_sign_users_on_at_a_new_vendor(tmp_path: Path) -> None:
    (tmp_path / "rows.toml").write_text(ROW)
    environment = {
        **BEHIND_OAUTH2_PROXY,
        "SSO_DESTINATIONS_FILE": str(tmp_path / "rows.toml"),
        "DESTINATION_ANYBODY_KEY": KEY,
    }

    with serving(environment, tmp_path / "service") as service:
        answer = service.get("/anybody-sso", *ADA)
    minted = run(environment, *("mint", "anybody", "--subject", "u-17", "--json"))

    arrival = arrive(answer["Location"], key=KEY, parameter="jwt")
    assert answer.status == 307
    assert arrival.address == "https://market.example.com/sso"
    assert (arrival.claims["sub"], arrival.claims["email"]) == ("u-17", "ada@acme.example")
    assert arrival.claims["exp"] == arrival.claims["iat"] + 5 + 300
    assert set(json.loads(minted.stdout)["claims"]) == {"iat", "exp", "sub"}


def test_a_vendor_with_an_asymmetric_key_verifies_with_what_is_published(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-256")
    (tmp_path / "rows.toml").write_text(f'{ROW}algorithm = "ES256"\n')
    environment = {
        **BEHIND_OAUTH2_PROXY,
        "SSO_DESTINATIONS_FILE": str(tmp_path / "rows.toml"),
        "DESTINATION_ANYBODY_KEY": key.as_pem(private=True).decode(),
    }

    with serving(environment, tmp_path / "service") as service:
        location = service.get("/anybody-sso", *ADA)["Location"]
        (published,) = service.get("/.well-known/jwks.json").json()["keys"]

    token = location.partition("?jwt=")[2].removesuffix("#")
    read = jwt.decode(token, import_key(published), algorithms=["ES256"])
    assert read.header["kid"] == published["kid"]
    assert read.claims["sub"] == "u-17"
