"""Variables without a prefix: those of the process, and where further ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import Field, field_validator

from app.settings.files import is_folder
from app.settings.variables import FileName, Variables

RUN_SECRETS: Final = Path("/run/secrets")
"""Where Docker and, by convention, Kubernetes mount secrets."""


class SourceVariables(Variables):
    """Where further variables are; read on its own, so that no other mistake hides them."""

    env_file: FileName | None = Field(
        None, description="file with further variables, read again on SIGHUP"
    )
    secrets_dir: FileName | None = Field(
        None,
        description="folder with files named like the variables; `/run/secrets` if it exists",
    )

    @field_validator("secrets_dir")
    @classmethod
    def _default_to_run_secrets(cls, folder: Path | None) -> Path | None:
        return RUN_SECRETS if folder is None and is_folder(RUN_SECRETS) else folder


class ProcessVariables(SourceVariables):
    """Variables without a prefix, with the names that other programs use."""

    web_concurrency: int = Field(1, ge=1, le=256, description="number of worker processes")
