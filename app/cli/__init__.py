"""The command line: one module a command."""

from __future__ import annotations

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    CliApp,
    CliSubCommand,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app.cli.check import Check
from app.cli.demo import Demo
from app.cli.inspect import Inspect
from app.cli.learn import Learn
from app.cli.mint import Mint
from app.cli.output import fail
from app.cli.reference import Reference
from app.cli.serve import Serve
from app.settings.problems import InvalidSettings


class MarketplaceSso(BaseSettings):
    """Signs the users of a SaaS product into an embedded vendor marketplace."""

    model_config = SettingsConfigDict(
        cli_prog_name="marketplace-sso",
        cli_kebab_case=True,
        cli_enforce_required=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )

    serve: CliSubCommand[Serve] = Field(description="check the configuration, then serve")
    check: CliSubCommand[Check] = Field(description="check the configuration")
    mint: CliSubCommand[Mint] = Field(description="show claims and address of a sample user")
    inspect: CliSubCommand[Inspect] = Field(description="decode and verify a token or an address")
    learn: CliSubCommand[Learn] = Field(description="print the row that makes a sample token")
    demo: CliSubCommand[Demo] = Field(description="show everything on loopback")
    reference: CliSubCommand[Reference] = Field(description="print a generated document")

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
        CliApp.run_subcommand(self)


def main(arguments: list[str] | None = None) -> None:
    """Run a command.

    Exit status 0: done; 1: the answer is no; 2: wrong arguments or a wrong configuration.
    """
    try:
        CliApp.run(MarketplaceSso, cli_args=arguments)
    except InvalidSettings as error:
        problems = [str(problem) for problem in error.problems]
        count = len(problems)
        summary = f"{count} problem{'s' * (count > 1)}: the service does not start"
        fail("\n".join([*problems, summary]), status=2)
    except ValidationError as error:
        wrong = error.errors(include_input=False)[0]
        words = wrong["msg"].replace("Input should", "should")
        fail(f"{wrong['loc'][-1]} {words}", status=2)
