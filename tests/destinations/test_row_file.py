from pathlib import Path
from typing import Any

import pytest

from tests.destinations.sample_rows import KEY, SHORT, Rows
from tests.in_process import Load, problems
from tests.samples import PANDIUM, PROXY


def faulty(text: str, key: str, words: str) -> Any:
    return pytest.param(text, key, words, id=f"{key}: {words}"[:60])


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        faulty("[x", "rows.toml", "cannot be read"),
        faulty("x = 1", "rows.toml x", "is outside of a vendor's [table]"),
        faulty("[X]\naddress='https://x.example'\nparameter='j'", "rows.toml [X] name", "pattern"),
        faulty("[x]\nparameter='j'", "rows.toml [x] address", "is required, or a table of pages"),
        faulty(SHORT + "allowed_groups=[]", "rows.toml [x] allowed_groups", "names nothing"),
        faulty(SHORT + "allowed_groups='a'", "rows.toml [x] allowed_groups", "should be a list"),
        faulty(SHORT + "parameters=['a']", "rows.toml [x] parameters", "should be a table"),
        faulty(SHORT + "parameters={a=true}", "rows.toml [x] parameters.a", "should be a table"),
        faulty(
            SHORT + "parameters={a={values=[]}}",
            "rows.toml [x] parameters.a.values",
            "names nothing",
        ),
        faulty(
            SHORT + "adress='y'",
            "rows.toml [x] adress",
            "is not a known key of a row; did you mean address?",
        ),
        faulty(
            "[x]\naddress='http://x.example'\nparameter='j'", "rows.toml [x] address", "plain http"
        ),
        faulty("[x]\naddress='x.example'\nparameter='j'", "rows.toml [x] address", "absolute"),
        faulty(
            "[x]\naddress='https://{subject}.example/'\nparameter='j'",
            "rows.toml [x] address",
            "unknown placeholder {subject}",
        ),
        faulty(
            "[x]\naddress='https://{token}.example/'", "rows.toml [x] address", "outside its path"
        ),
        faulty("[x]\naddress='https://x.example/'", "rows.toml [x] parameter", "carries the token"),
        faulty(
            "[x]\naddress='https://x.example/{token}'\nparameter='j'",
            "rows.toml [x] parameter",
            "set exactly one",
        ),
        faulty(
            "[x]\naddress='https://x.example/'\nfragment='{x}'\nparameter='j'",
            "rows.toml [x] fragment",
            "unknown placeholder {x}",
        ),
        faulty(
            "[x]\naddress='https://x.example/'\nfragment='{token}'\ndelivery='form'",
            "rows.toml [x] parameter",
            "is required: it is the token's name in the form",
        ),
        faulty(SHORT + "delivery='pigeon'", "rows.toml [x] delivery", "should be 'redirect'"),
        faulty(SHORT + "algorithm='none'", "rows.toml [x] algorithm", "should be 'HS256'"),
        faulty(SHORT + "claims={a='{emial}'}", "rows.toml [x] claims", "a: nothing provides"),
        faulty(SHORT + "claims={a='{parameter.s}'}", "rows.toml [x] claims", "{parameter.s}"),
        faulty(
            SHORT + "claims={iat='{now+1}'}", "rows.toml [x] claims.iat", "never be in the future"
        ),
        faulty(
            SHORT + "claims={nbf=4102444800}", "rows.toml [x] claims.nbf", "never be in the future"
        ),
        faulty(
            SHORT + "claims={exp='{expires_at}'}",
            "rows.toml [x] lifetime_seconds",
            "is required by {expires_at}",
        ),
        faulty(
            SHORT + "parameters={state={pattern='[a-z]+'}}",
            "rows.toml [x] parameters.state.pattern",
            "is not anchored",
        ),
        faulty(
            SHORT + "parameters={state={pattern='^([a-z]+$'}}",
            "rows.toml [x] parameters.state.pattern",
            "is not a regular expression",
        ),
        faulty(
            SHORT + "parameters={state={values=['a'],relative_path=true}}",
            "rows.toml [x] parameters.state",
            "more than one of",
        ),
        faulty(SHORT + "parameters={jwt={}}", "rows.toml [x] parameters.jwt", "carries the token"),
        *(
            faulty(
                SHORT + f"parameters={{{name}={{}}}}",
                f"rows.toml [x] parameters.{name}",
                "to another site",
            )
            for name in ("return_to", "returnTo", "redirect", "redirect_uri", "next", "URL", "to")
        ),
        faulty(SHORT + "path='/livez'", "rows.toml [x] path", "of the service itself"),
        faulty(
            "[x.pages.p]\naddress='https://x.example/'\npath='../y'",
            "rows.toml [x] pages.p.path",
            "pattern",
        ),
        faulty(
            "[x]\nparameter='j'\n[x.pages.p]\naddress='https://x.example/{id}'\npath='p'",
            "rows.toml [x] pages.p.address",
            "unknown placeholder {id}",
        ),
        faulty(
            "[x]\nparameter='j'\n[x.pages.p]\naddress='https://x.example/'\nids={id='^a$'}",
            "rows.toml [x] pages.p.ids.id",
            "is not in the path",
        ),
    ],
)
def test_what_is_wrong_with_a_row_is_named(
    load: Load, rows: Rows, text: str, key: str, words: str
) -> None:
    found = problems(load, PROXY, rows(text), KEY)

    assert words in found[key]


def test_a_missing_file_is_named(load: Load, tmp_path: Path) -> None:
    found = problems(load, PROXY, PANDIUM, SSO_DESTINATIONS_FILE=str(tmp_path / "none.toml"))

    assert "cannot be read" in found["none.toml"]
