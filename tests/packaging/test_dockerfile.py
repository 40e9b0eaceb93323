"""What goes into the image, read from the files that decide it. (test_image.py builds it.)"""

import fnmatch
import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())


def pins(lock: str) -> dict[str, str]:
    """The versions that a lock file fixes, by package."""
    text = (PROJECT / lock).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", text, re.MULTILINE))


def test_both_stages_stand_on_one_base_whose_python_and_debian_are_fixed() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert bases == ["${PYTHON_IMAGE}", "${PYTHON_IMAGE}"]
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.\d+-slim-[a-z]+$", DOCKERFILE, re.MULTILINE)


def test_an_authenticator_is_copied_to_where_the_python_of_the_image_looks() -> None:
    page = (PROJECT / "docs/logins/own-authenticator.md").read_text()

    (version,) = re.findall(r"^ARG PYTHON_IMAGE=python:(3\.\d+)-", DOCKERFILE, re.MULTILINE)
    assert re.findall(r"/opt/venv/lib/python([^/]+)/", page) == [version]


def test_the_label_says_the_version_of_the_project() -> None:
    assert f"\nARG VERSION={PYPROJECT['project']['version']}\n" in DOCKERFILE


@pytest.mark.requirement("R53")
def test_every_package_is_installed_from_a_lock_with_hashes() -> None:
    commands = DOCKERFILE.replace("\\\n", " ").replace("&&", "\nRUN")
    installs = re.findall(r"pip .*\binstall (.*)", commands)

    assert len(installs) == 3
    for arguments in installs:
        assert "--require-hashes" in arguments or "--no-index --no-deps dist/" in arguments
    assert "ARG LOCK=requirements.lock\n" in DOCKERFILE
    for named, lock in (
        ('"${LOCK}"', "requirements.lock"),
        ('"${LOCK}"', "requirements-otel.lock"),
        ("requirements-build.lock", "requirements-build.lock"),
    ):
        assert f"--requirement {named}" in commands
        text = (PROJECT / lock).read_text()
        assert len(pins(lock)) == len(
            re.findall(r"^\S+==.*\\\n +--hash=sha256:", text, re.MULTILINE)
        )
        assert "://" not in text


def test_the_image_and_this_checkout_have_the_same_build_tools() -> None:
    build, dev = pins("requirements-build.lock"), pins("requirements-dev.lock")

    assert set(PYPROJECT["build-system"]["requires"]) <= build.keys()
    assert build == {name: dev[name] for name in build}


def test_the_lock_with_tracing_has_all_of_the_other_in_the_same_versions() -> None:
    plain, traced = pins("requirements.lock"), pins("requirements-otel.lock")

    assert plain.items() < traced.items()
    assert "opentelemetry-sdk" in traced
    assert traced.items() <= pins("requirements-dev.lock").items()


def test_the_build_sees_what_it_copies_and_nothing_else() -> None:
    rules = (PROJECT / ".dockerignore").read_text().splitlines()
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    copied = {
        source
        for arguments in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for source in arguments.split()
    }

    assert "*" in rules
    assert copied == allowed
    assert all((PROJECT / source).exists() for source in copied)
    assert not [name for name in allowed if fnmatch.fnmatch(name, "*[*?]*")]


def test_the_image_starts_and_is_asked_without_a_shell() -> None:
    for instruction in ("ENTRYPOINT", "CMD"):
        assert re.search(rf'^ *{instruction} \["', DOCKERFILE, re.MULTILINE)
        assert not re.search(rf"^ *{instruction} [^\[]", DOCKERFILE, re.MULTILINE)
