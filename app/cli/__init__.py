"""The command line: one module a command."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any, get_args

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    CliApp,
    CliSettingsSource,
    CliSubCommand,
    CliToggleFlag,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from app import __version__
from app.cli.check import Check
from app.cli.completion import Completion
from app.cli.demo import Demo
from app.cli.inspect import Inspect
from app.cli.learn import Learn
from app.cli.mint import Mint
from app.cli.output import fail, log_to_standard_error, standard_streams
from app.cli.reference import Reference
from app.cli.serve import Serve
from app.cli.words import Word, check_spelling, improve_help, parsers_of, words_of
from app.settings.problems import InvalidSettings, wording


class MarketplaceSso(BaseSettings):
    """Signs the users of a SaaS product into an embedded vendor marketplace."""

    model_config = SettingsConfigDict(
        cli_prog_name="marketplace-sso",
        cli_kebab_case=True,
        cli_enforce_required=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )

    version: CliToggleFlag[bool] = Field(default=False, description="print the version")
    serve: CliSubCommand[Serve] = Field(description="check the configuration, then serve")
    check: CliSubCommand[Check] = Field(description="check the configuration")
    mint: CliSubCommand[Mint] = Field(description="show claims and address of a sample user")
    inspect: CliSubCommand[Inspect] = Field(description="decode and verify a token or an address")
    learn: CliSubCommand[Learn] = Field(description="print the row that makes a sample token")
    demo: CliSubCommand[Demo] = Field(description="show everything on loopback")
    reference: CliSubCommand[Reference] = Field(description="print a generated document")
    completion: CliSubCommand[Completion] = Field(description="print a script for your shell")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a variable is no command
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take commands from the command line only."""
        return (init_settings,)

    def cli_cmd(self) -> None:
        """Run the command that is named."""
        if self.version:
            print(f"marketplace-sso {__version__}")
        else:
            CliApp.run_subcommand(self, cli_exit_on_error=False)


def words() -> dict[str, list[Word]]:
    """Return the words of each command; those of the root have the name ""."""
    return words_of(CliSettingsSource(MarketplaceSso), _commands())


def parsers() -> dict[str, ArgumentParser]:
    """Return the parser of each command, with the help that people read."""
    source: CliSettingsSource[Any] = CliSettingsSource(MarketplaceSso)
    improve_help(source, _commands())
    return parsers_of(source.root_parser)


def _commands() -> dict[str, type[BaseModel]]:
    """Return the model of each command."""
    annotations = {name: field.annotation for name, field in MarketplaceSso.model_fields.items()}
    return {
        name: get_args(annotation)[0]
        for name, annotation in annotations.items()
        if get_args(annotation)
    }


def main(arguments: list[str] | None = None) -> None:
    """Run a command.

    Exit status 0: done; 1: the answer is no; 2: wrong arguments or a wrong configuration.
    """
    log_to_standard_error()
    with standard_streams():
        _run(sys.argv[1:] if arguments is None else arguments)


def _run(given: list[str]) -> None:
    source: CliSettingsSource[Any] = CliSettingsSource(MarketplaceSso)
    improve_help(source, _commands())
    check_spelling(given, words_of(source, _commands()))
    try:
        CliApp.run(MarketplaceSso, cli_args=given, cli_settings_source=source)
    except InvalidSettings as error:
        problems = [str(problem) for problem in error.problems]
        count = len(problems)
        summary = f"{count} problem{'s' * (count > 1)}: the service does not start"
        fail("\n".join([*problems, summary]), status=2)
    except SettingsError as error:  # no command is named
        fail(str(error), status=2)
    except ValidationError as error:
        wrong = error.errors(include_input=False)[0]
        fail(f"{wrong['loc'][-1]} {wording(wrong)}", status=2)
