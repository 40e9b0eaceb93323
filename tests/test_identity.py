import pytest

from app.identity import Identity, InvalidIdentity


@pytest.mark.requirement("R11")
@pytest.mark.parametrize(
    "subject",
    [
        "",
        " ",
        " u-17",
        "u-17 ",
        "u-17\u00a0",
        "u\r\nx",
        "u\x00",
        "u\x1b[31m",
        "u\u202e17",
        "u\u200b17",
        "\ufeffu-17",
        "u\u2028",
        "\ud800",
        "a" * 256,
    ],
)
def test_a_subject_that_could_be_mistaken_for_another_is_refused(subject: str) -> None:
    with pytest.raises(InvalidIdentity):
        Identity(subject=subject)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("subject", ["u", "a" * 255, "Grüße", "李明", "a b", "00uid|x:y/z@w"])
def test_a_subject_is_opaque_and_stays_as_it_is(subject: str) -> None:
    identity = Identity(subject=subject)

    assert identity.subject == subject


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("subject", [17, None, b"u-17", True])
def test_a_subject_that_is_no_string_is_refused(subject: object) -> None:
    with pytest.raises(InvalidIdentity, match="subject is not a string"):
        Identity(subject=subject)  # type: ignore[arg-type] # that is the point


@pytest.mark.requirement("R11")
@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@acme.example",
        "ada@",
        "ada@evil.example@acme.example",
        "ada@@acme.example",
        "ada@acme.example\r\n",
        "ada @acme.example",
        "ada@acme\u3000.example",
    ],
)
def test_an_email_without_exactly_one_at_is_refused(email: str) -> None:
    with pytest.raises(InvalidIdentity):
        Identity(subject="u-17", email=email)


def test_an_organisation_id_has_the_rules_of_a_subject() -> None:
    with pytest.raises(InvalidIdentity, match="org_id"):
        Identity(subject="u-17", org_id="a\nb")


@pytest.mark.parametrize("expires_at", [1.5, True, "1800000000"])
def test_an_end_that_is_no_whole_number_of_seconds_is_refused(expires_at: object) -> None:
    with pytest.raises(InvalidIdentity, match="expires_at"):
        Identity(subject="u-17", expires_at=expires_at)  # type: ignore[arg-type] # the point


@pytest.mark.requirement("R45")
def test_the_claims_of_a_session_are_in_no_representation() -> None:
    identity = Identity(subject="u-17", claims={"token": "live-secret"})

    assert "live-secret" not in repr(identity)
