"""`marketplace-sso demo`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from pydantic import BaseModel, Field
from pydantic_settings import CliImplicitFlag


class Demo(BaseModel):
    """Show everything on loopback: a host application, the service and a marketplace."""

    host_port: int = Field(8080, ge=0, le=65535, description="port of the host application")
    marketplace_port: int = Field(8090, ge=0, le=65535, description="port of the marketplace")
    once: CliImplicitFlag[bool] = Field(
        default=False, description="sign on once, print the result, and end"
    )
    destinations: Path | None = Field(
        None, description="a destinations file whose rows are shown as well"
    )

    def cli_cmd(self) -> None:
        """Run until Ctrl-C."""
        from app.demo.run import run  # noqa: PLC0415 - the service loads nothing of the demo

        ports = (self.host_port, self.marketplace_port)
        sys.exit(asyncio.run(run(*ports, once=self.once, destinations=self.destinations)))
