"""The documents, held against the code."""

import json
import re
import shlex
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest

from app import __version__
from app.authenticators.presets import BUILT_IN
from app.cli import main, reference, words
from app.cli.reference_commands import command_line
from app.cli.reference_groups import GROUPS
from app.cli.rows_schema import rows_schema
from app.demo import run as demo
from app.demo.attacks import ATTEMPTS, FORGERIES
from app.errors import SignOnError
from app.resources.answers import page_file
from app.resources.texts import TEXTS
from app.settings.variables import variable_names
from app.telemetry import metrics
from tests import documented, requirements
from tests.in_process import Load, MakeClient

ROOT = Path(__file__).parent.parent
CONFIGURATION = ROOT / "docs" / "configuration.md"
EXAMPLE = ROOT / "config" / "example.env"


def test_the_table_of_settings_is_what_the_command_prints() -> None:
    assert CONFIGURATION.read_text() == reference.configuration()


def test_the_example_is_what_the_command_prints() -> None:
    assert EXAMPLE.read_text() == reference.example_env()


def test_the_reference_of_the_command_line_is_what_the_command_prints() -> None:
    assert (ROOT / "docs" / "command-line.md").read_text() == command_line()


def test_every_command_and_option_is_documented() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text()

    sections = {each.partition("`")[0]: each for each in text.split("\n## `")[1:]}
    known = {name: its for name, its in words().items() if name}
    assert sections.keys() == known.keys()
    for name, its in known.items():
        documented_options = set(re.findall(r"(--[a-z-]+)[ ,`]", sections[name]))
        options = {option for word in its for option in word.options if option[:2] == "--"}
        assert options - {"--help"} <= documented_options


def test_every_event_of_the_element_is_documented_and_no_other() -> None:
    fired = re.findall(r'#tell\("([a-z-]+)"', page_file("embed.js"))

    text = (ROOT / "docs" / "embedding.md").read_text()
    assert set(fired) == set(re.findall(r"^\| `([a-z-]+)` \| `\{", text, re.MULTILINE))


def test_every_variable_stands_in_the_table_with_its_meaning() -> None:
    text = CONFIGURATION.read_text()

    for groups in GROUPS.values():
        for prefix, model in groups:
            for name, field in zip(
                variable_names(model, prefix), model.model_fields.values(), strict=True
            ):
                assert field.description
                assert f"| `{name}` |" in text


def test_every_preset_stands_in_the_table() -> None:
    text = CONFIGURATION.read_text()

    for name in BUILT_IN:
        assert f"| `{name}` |" in text


def variables_of(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(shlex.split(line)[0].split("=", 1) for line in lines)


def test_the_example_is_a_configuration(load: Load) -> None:
    config = load(variables_of(EXAMPLE))

    assert [destination.name for destination in config.destinations] == ["pandium"]


def test_every_error_code_is_documented() -> None:
    text = (ROOT / "docs" / "errors.md").read_text()

    codes = {error.code for error in SignOnError.__subclasses__()} | set(TEXTS)
    assert codes == set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))


DOCUMENTS = documented.DOCUMENTS


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    for target, _, heading in re.findall(r"\]\((?!https?:|mailto:)([^)#]*)(#([^)]+))?\)", text):
        linked = path.parent / target if target else path
        assert linked.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {anchor(each) for each in headings}, heading


def anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", set(DOCUMENTS) - {ROOT / "CHANGELOG.md"}, ids=name_of)
def test_every_path_that_a_document_names_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    for named in re.findall(r"`((?:app|config|docs|tests|\.ci)/[\w./-]+)[`: ]", text):
        assert (ROOT / named).exists(), named


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_command_that_a_document_names_is_one(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = path.read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["--help"])
    (commands,) = re.findall(r"^  \{([a-z,]+)\}$", capsys.readouterr().out, re.MULTILINE)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    in_code = "\n".join(re.findall(r"```.*?```|`[^`]*`", text, re.DOTALL))
    assert set(re.findall(r"\bmarketplace-sso ([a-z]+)", in_code)) <= set(commands.split(","))
    assert set(re.findall(r"\bmake ([a-z]+)", in_code)) <= set(targets)


@pytest.mark.parametrize("command", documented.commands(), ids=str)
def test_every_command_of_a_document_is_run_or_says_why_not(command: documented.Command) -> None:
    assert command.is_run() != bool(command.reasons()), f"add it to tests/documented.py: {command}"


def test_what_is_said_of_commands_is_said_of_one() -> None:
    lines = [command.line for command in documented.commands()]

    assert documented.HELD_ELSEWHERE.keys() <= {each.document for each in documented.commands()}
    for begin in documented.NOT_RUN:
        assert any(line.startswith(begin) for line in lines), begin
    for document, begins in documented.RUN.items():
        theirs = [command.line for command in documented.commands() if command.document == document]
        for begin in begins:
            assert any(line.startswith(begin) for line in theirs), (document, begin)


README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str, beginning: str) -> list[str]:
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (found,) = [each for each in blocks if each.startswith(beginning)]
    return str(found).splitlines()


def skeleton(text: str) -> str:
    """Take out what differs from run to run: numbers, ids, tokens."""
    text = re.sub(r"tenant=\S+", "tenant=", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid", text)
    return re.sub(r"\d+(\.\d+)?", "0", text)


def test_the_readmes_sample_is_what_mint_prints(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    load(variables_of(EXAMPLE))
    command, *output = block("console", "$ marketplace-sso mint")

    main(shlex.split(command.removeprefix("$ marketplace-sso ")))

    assert skeleton(capsys.readouterr().out) == skeleton("\n".join(output) + "\n")


def test_the_readmes_demo_prints_what_the_demo_prints() -> None:
    _, *output = block("console", "$ make demo")
    shown = skeleton("\n".join(output))
    address = "http://127.0.0.1:41611"

    printed = demo.UP.format(
        host="http://localhost:8080",
        marketplace="http://127.0.0.1:8090",
        service=address,
        curl=demo._curl(address),  # noqa: SLF001 - what it prints is its own affair, but for here
    )
    assert skeleton(printed.strip()) in shown


def test_the_readme_counts_the_ways_in_that_the_demo_tries() -> None:
    words = {16: "sixteen", 17: "seventeen", 18: "eighteen"}

    assert f"tries {words[len(ATTEMPTS) + len(FORGERIES)]} ways in" in README


def test_the_readmes_request_is_answered_with_the_example(client: MakeClient) -> None:
    (line,) = block("sh", "curl")
    _, _, address, *words = shlex.split(line)
    headers = dict(word.split(": ", 1) for word in words if word != "-H")

    answer = client(variables_of(EXAMPLE)).simulate_get(urlsplit(address).path, headers=headers)

    assert answer.status_code == 307


def test_the_readmes_image_is_of_this_version() -> None:
    assert set(re.findall(r"marketplace-sso:([\d.]+\d)", README)) == {__version__}


def test_the_readmes_five_lines_are_a_configuration(load: Load) -> None:
    lines = block("sh", "export SSO_AUTHENTICATORS")
    words = [word for line in lines[:-1] for word in shlex.split(line)[1:]]
    variables = dict(word.split("=", 1) for word in words)
    assert variables["PANDIUM_SHARED_SECRET"] == "$(cat pandium-secret)"

    config = load({**variables, "PANDIUM_SHARED_SECRET": "0f1e2d3c4b5a69788796a5b4c3d2e1f0-x"})

    assert len(lines) == 5
    assert [each.route for each in config.destinations] == ["/pandium-sso"]


def test_the_shortest_row_of_the_documents_is_that_of_the_example() -> None:
    documents = (ROOT / "docs" / "destinations.md").read_text(encoding="utf-8")
    (shortest, *_) = re.findall(r"```toml\n(.*?)```", documents, re.DOTALL)

    assert shortest in (ROOT / "config" / "destinations.example.toml").read_text(encoding="utf-8")


def test_editors_know_the_keys_of_a_row() -> None:
    written = (ROOT / "config" / "destinations.schema.json").read_text(encoding="utf-8")
    example = (ROOT / "config" / "destinations.example.toml").read_text(encoding="utf-8")
    row = json.loads(written)["additionalProperties"]

    assert written == rows_schema()
    assert {"address", "header", "exchange", "pages"} < row["properties"].keys()
    assert row["additionalProperties"] is False
    assert example.startswith("#:schema ./destinations.schema.json\n")


def test_the_example_holds_by_its_schema() -> None:
    schema = json.loads(rows_schema())
    rows = tomllib.loads((ROOT / "config" / "destinations.example.toml").read_text("utf-8"))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(rows, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"x": {"adress": "https://x.example/"}}, schema)


def test_the_table_of_requirements_is_what_the_marks_say() -> None:
    table = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")

    assert table == requirements.table()


def test_the_documented_metrics_are_those_that_there_are() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(sso_[a-z_]+)` \|", text, re.MULTILINE))

    exposed = re.findall(r"^# TYPE (sso_[a-z_]+) ", metrics.exposition().decode(), re.MULTILINE)

    assert documented == {name for name in exposed if not name.endswith("_created")}
