"""A row that passes `check` signs on: everything else is a named problem (R66)."""

from typing import Any
from urllib.parse import quote

import pytest

from app.destinations.parameters import leads_away
from app.identity import Identity
from app.settings.problems import InvalidSettings
from tests.destinations.sample_rows import KEY, SHORT, Rows
from tests.in_process import Load, MakeClient, problems
from tests.samples import ADA, APIFUSE, NOW, PANDIUM, PROXY

JSON = "[x]\naddress='https://v.example/'\ndelivery='json'\n"
PAGE = "[x]\nparameter='j'\n[x.pages.p]\naddress='https://x.example/{id}'\npath='{id}'\n"


def faulty(text: str, key: str, words: str) -> Any:
    return pytest.param(text, key, words, id=f"{key}: {words}"[:60])


def page(path: str, more: str = "") -> str:
    address = f"https://x.example/{path}"
    return f"[x]\nparameter='j'\n[x.pages.p]\npath='{path}'\naddress='{address}'\n{more}"


def two_pages(one: str, other: str) -> str:
    pages = (f"[x.pages.p{n}]\npath='{path}'\n" for n, path in enumerate((one, other)))
    return "[x]\nparameter='j'\n" + "".join(
        f"{each}address='https://x.example/'\n" for each in pages
    )


@pytest.mark.requirement("R66", "R48")
@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        # what TOML writes and JSON cannot
        *(
            faulty(f"{SHORT}claims={{a={value}}}", "rows.toml [x] claims.a", words)
            for value, words in {
                "2026-11-26": "date of TOML",
                "2026-11-26T10:00:00Z": "date of TOML",
                "10:00:00": "date of TOML",
                "nan": "not a finite number",
                "-inf": "not a finite number",
            }.items()
        ),
        faulty(SHORT + "claims={a=[1,{b=nan}]}", "rows.toml [x] claims.a.1.b", "not a finite"),
        faulty(page("p", "claims={a=nan}"), "rows.toml [x] pages.p.claims.a", "not a finite"),
        # ids
        faulty(page("{id}/{id}"), "rows.toml [x] pages.p.path", "has {id} twice"),
        *(
            faulty(page(f"{{{name}}}"), "rows.toml [x] pages.p.path", "has a meaning already")
            for name in ("class", "token", "import", "key")
        ),
        *(
            faulty(
                page("{id}", f"ids={{id='{pattern}'}}"), "rows.toml [x] pages.p.ids.id", "dots"
            )
            for pattern in ("^.+$", "^[a-z.]+$", r"^[\w.-]{1,9}$", r"^\.\.$", "^[^/]*$")
        ),
        # routes
        faulty(two_pages("x/{one}", "x/{two}/y"), "[x] path", "another page calls it {one}"),
        faulty(two_pages("{a}", "{b}/z"), "[x] path", "another page calls it {a}"),
        faulty(two_pages("{a}", "{b}"), "[x] path", "is not unique"),
        faulty(two_pages("a", "a/session"), "[x] path", "is not unique"),
        faulty(two_pages("a", "embed.js"), "[x] path", "is not unique"),
        faulty(two_pages("a", "jwks.json"), "[x] path", "is not unique"),
        # the query of the address
        faulty(
            "[x]\nparameter='jwt'\naddress='https://x.example/?a=1&jwt=fixed'",
            "rows.toml [x] address",
            "has jwt in its query already",
        ),
        faulty(
            "[x]\nparameter='jwt'\naddress='https://x.example/?a=1;j%77t=fixed'",
            "rows.toml [x] address",
            "has jwt in its query already",
        ),
        faulty(
            "[x]\nparameter='j'\naddress='https://x.example/?lang=en'\nparameters={lang={}}",
            "rows.toml [x] address",
            "has lang in its query already",
        ),
        # what a vendor would follow
        *(
            faulty(
                f"{SHORT}[x.parameters]\n'{name}' = {{}}",
                f"rows.toml [x] parameters.{name}",
                "to another site",
            )
            for name in ("redirect_to", "redirectTo", "RelayState", "REDIRECT-URI", "login_url")
        ),
        *(
            faulty(
                f"{SHORT}[x.parameters]\nreturn_to = {{ pattern = '{pattern}' }}",
                "rows.toml [x] parameters.return_to",
                "to another site",
            )
            for pattern in (
                "^.*$",
                "^https://.*$",
                r"^https://x\.example.*$",
                r"^(https://x\.example)?/?.*$",
                "^[a-z:/.]+$",
                r"^//[a-z.]+$",
            )
        ),
        # what a vendor would follow, inside of the token or of the question for it
        *(
            faulty(
                f"{SHORT}parameters={{{name}={{{rule}forward=false}}}}\n{uses}",
                f"rows.toml [x] parameters.{name}",
                "to another site",
            )
            for name, rule, uses in (
                ("return_to", "", "claims={return_to='{parameter.return_to}'}"),
                ("p", "", "claims={redirect_uri='{parameter.p}'}"),
                ("p", "", "claims={user={links=[{returnUrl='{name|parameter.p}'}]}}"),
                ("p", "", "claims={next='https://x.example{parameter.p}'}"),
                ("p", "pattern='^https?://.+$', ", "claims={callback='{ parameter.p }'}"),
                ("p", "", ("[x.exchange]\nurl='https://x.example/'\ntoken='t'\n"
                 "json={return_url='{parameter.p}', key='{key}'}")),
                ("p", "", ("[x.pages.other]\npath='o'\naddress='https://x.example/o'\n"
                 "claims={goto='{parameter.p}'}")),
            )
        ),
        # what no template gives
        faulty(SHORT + "required=['sub']", "rows.toml [x]", "never gives sub, which is required"),
        faulty(
            SHORT + "required=['user.id']\nclaims={user={name='{name}'}}",
            "rows.toml [x]",
            "never gives user.id",
        ),
        # times and sizes
        faulty(SHORT + "claims={exp='soon'}", "rows.toml [x]", "never gives exp"),
        faulty(SHORT + "claims={exp='{now:%Y-%m}'}", "rows.toml [x]", "never gives exp"),
        faulty(SHORT + "claims={exp=true}", "rows.toml [x]", "never gives exp"),
        faulty(SHORT + f"claims={{a='{'x' * 9000}'}}", "rows.toml [x]", "address that is too long"),
    ],
)  # fmt: skip
def test_what_would_fail_later_is_a_problem(
    load: Load, rows: Rows, text: str, key: str, words: str
) -> None:
    found = problems(load, PROXY, rows(text), KEY)

    assert words in found[key], found


@pytest.mark.requirement("R66", "R68")
@pytest.mark.parametrize(
    ("text", "key"),
    [
        (SHORT + "claims={a='{key}'}", "claims"),
        (SHORT + "claims={a={b=['x {key}']}}", "claims"),
        (SHORT + "claims={a='{assertion}'}", "claims"),
        ("[x]\nparameter='j'\naddress='https://v.example/?a={key}'", "address"),
        ("[x]\nparameter='j'\naddress='https://v.example/{key}'", "address"),
        (JSON + "answer={jwt='{token}', a='{key}'}", "answer"),
        (SHORT + "renew={message='m', answer='{key} {token}'}", "renew.answer"),
    ],
)
def test_a_key_is_nowhere_but_in_an_exchange(load: Load, rows: Rows, text: str, key: str) -> None:
    found = problems(load, PROXY, rows(text), KEY)

    assert any(name.startswith(f"rows.toml [x] {key}") for name in found), found
    assert KEY["DESTINATION_X_KEY"] not in str(found)


@pytest.mark.requirement("R66")
@pytest.mark.parametrize("name", ["self", "req", "resp", "ids", "destination", "_", "page"])
def test_an_id_may_have_any_other_name(client: MakeClient, rows: Rows, name: str) -> None:
    row = page(f"{{{name}}}", f"claims={{id='{{path.{name}}}'}}")

    answer = client(PROXY, rows(row), KEY).simulate_get("/x-sso/a-1", headers=ADA)

    assert answer.status_code == 307
    assert answer.headers["location"].startswith("https://x.example/a-1?j=")


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(
    ("pattern", "fits", "seems_to_fit"),
    [
        (r"^\d+$", "12", ("\u0661\u0662", "\uff11\uff12")),
        (r"^\w{2}$", "ab", ("\uff41\uff42", "\u00e4b")),
        ("^(?i:kiss)$", "KISS", ("\u212aiss", "ki\u017fs")),
    ],
)
def test_a_pattern_means_ascii(
    client: MakeClient, rows: Rows, pattern: str, fits: str, seems_to_fit: tuple[str, ...]
) -> None:
    more = f"ids={{id='{pattern}'}}\n[x.parameters]\np={{pattern='{pattern}'}}"
    service = client(PROXY, rows(page("{id}", more)), KEY)

    good = service.simulate_get(f"/x-sso/{fits}", params={"p": fits}, headers=ADA)
    assert good.headers["location"].startswith(f"https://x.example/{fits}?p={fits}&j=")
    for value in seems_to_fit:
        answer = service.simulate_get(f"/x-sso/{quote(value)}", headers=ADA)
        assert answer.status_code == 404
        answer = service.simulate_get(f"/x-sso/{fits}", params={"p": value}, headers=ADA)
        assert answer.status_code == 400


@pytest.mark.requirement("R66", "R30")
@pytest.mark.parametrize("path", ["/x-sso/..", "/x-sso/.", "/x-sso/...", "/x-sso/%2e%2e"])
def test_an_id_never_moves_the_path(client: MakeClient, rows: Rows, path: str) -> None:
    service = client(PROXY, rows(page("{id}")), KEY)

    assert service.simulate_get(path, headers=ADA).status_code == 404


@pytest.mark.requirement("R66", "R30")
def test_an_id_is_never_longer_than_64_characters(client: MakeClient, rows: Rows) -> None:
    service = client(PROXY, rows(page("{id}", "ids={id='^[a-z]+$'}")), KEY)

    statuses = [
        service.simulate_get(f"/x-sso/{'x' * length}", headers=ADA).status_code
        for length in (64, 65, 6000)
    ]

    assert statuses == [307, 404, 404]


@pytest.mark.requirement("R66")
@pytest.mark.parametrize("name", ["lang", "state", "theme", "tab", "display", "plan", "nonce"])
def test_a_plain_parameter_needs_no_rule(name: str) -> None:
    assert not leads_away(name)


@pytest.mark.requirement("R66")
@pytest.mark.parametrize(
    "more",
    [
        "parameters={p={relative_path=true, forward=false}}\nclaims={redirect_uri='{parameter.p}'}",
        "parameters={p={values=['https://y.example'], forward=false}}\nclaims={to='{parameter.p}'}",
        "parameters={p={forward=false}}\nclaims={nonce='{parameter.p}', goto='/a'}",
        (
            "parameters={p={forward=false}, pp={relative_path=true, forward=false}}\n"
            "claims={next='{parameter.pp}', nonce='{parameter.p}'}"
        ),
    ],
)
def test_a_parameter_with_a_rule_may_be_anywhere_in_a_token(
    load: Load, rows: Rows, more: str
) -> None:
    assert load(PROXY, rows(SHORT + more), KEY).destinations


@pytest.mark.requirement("R66", "R48")
@pytest.mark.parametrize(
    ("variables", "variable", "words"),
    [
        ({"PANDIUM_CLAIMS": '{"sub": null}'}, "PANDIUM_CLAIMS", "never gives sub"),
        ({"PANDIUM_FORWARD_PARAMETERS": "RelayState"}, "PANDIUM_FORWARD_PARAMETERS", "RelayState"),
        ({"PANDIUM_MARKETPLACE_URL": "https://p.x/?tenant=x"}, "PANDIUM_MARKETPLACE_URL", "tenant"),
        ({"PANDIUM_MARKETPLACE_URL": "https://p.x/?display=x"}, "PANDIUM_MARKETPLACE_URL", "has"),
        ({"PANDIUM_CLAIMS": '{"a":' * 20 + "1" + "}" * 20}, "PANDIUM_CLAIMS", "nests deeper"),
        ({"PANDIUM_CLAIMS": '{"a": 1, "a": 2}'}, "PANDIUM_CLAIMS", "a member is repeated"),
        ({"PANDIUM_CLAIMS": '{"a": NaN}'}, "PANDIUM_CLAIMS", "not finite"),
        ({"PANDIUM_CLAIMS": '{"a": 1e999}'}, "PANDIUM_CLAIMS", "not finite"),
    ],
)  # fmt: skip
def test_a_vendor_of_ours_is_rehearsed_too(
    load: Load, variables: dict[str, str], variable: str, words: str
) -> None:
    assert words in problems(load, PROXY, PANDIUM, variables)[variable]


@pytest.mark.requirement("R66")
def test_a_clock_with_which_nothing_can_be_minted_is_a_problem(load: Load) -> None:
    with pytest.raises(InvalidSettings, match="cannot be minted: ValueError"):
        load(PROXY, PANDIUM, PANDIUM_CLAIMS='{"a": "{now:%Y}"}', now=lambda: 1e15)


@pytest.mark.requirement("R67")
@pytest.mark.parametrize(
    ("exp", "expected"),
    [
        ("4102444800", int(NOW) + 60),
        ("4102444800.5", int(NOW) + 60),
        ("'4102444800'", int(NOW) + 60),
        ("'{expires_at+3600}'", int(NOW) + 60),
        ("'{now+86400}'", int(NOW) + 60),
        ("'{issued_at+30}'", int(NOW) + 25),
        ("'{claims.exp}'", int(NOW) + 60),
    ],
)
def test_no_token_outlives_the_host_session(
    load: Load, rows: Rows, exp: str, expected: int
) -> None:
    row = f"{SHORT}lifetime_seconds=300\nclaims={{exp={exp}, a='{{expires_at}}'}}"
    (destination,) = load(PROXY, rows(row), KEY, now=lambda: NOW).destinations
    identity = Identity(subject="u", expires_at=int(NOW) + 60, claims={"exp": int(NOW) + 999999})

    claims = destination.claims_for(identity, {})

    assert claims == {"exp": expected, "a": int(NOW) + 60}


def test_no_listing_stands_behind_a_query(load: Load) -> None:
    domain = {"APIFUSE_SUBDOMAIN": "", "APIFUSE_CUSTOM_DOMAIN": "market.acme.example/?jwt=x"}

    found = problems(load, PROXY, APIFUSE, domain)

    assert "has a query" in found["APIFUSE_CUSTOM_DOMAIN"]
