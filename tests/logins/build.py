"""Build the products that tests start, and are missing: `python3 -m tests.logins.build [name …]`.

What cannot be built is said, and leaves a note with the reason: its tests are skipped. Only the
standard library, because this runs before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from .products import CACHE, PRODUCTS, ROOT, Product

_UNPACK: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack"
_ADDRESS: Final = re.compile(r"\b(https?://|[\w.-]+\.[a-z]{2,}/)\S*")


class NotBuilt(Exception):
    """A product could not be built; the text is the reason."""


class Run:
    """Runs commands until the time is over."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def __call__(self, *command: str, where: Path, **environment: str) -> str:
        """Return what a command prints."""
        if shutil.which(command[0]) is None:
            raise NotBuilt(f"{command[0]} is not installed")
        process = subprocess.Popen(  # noqa: S603 - the programs are named below
            command,
            cwd=where,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            printed, said = process.communicate(timeout=max(1, self._ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise NotBuilt("the time was over") from None
        if process.returncode != 0:
            raise NotBuilt(_last_line(f"{printed}\n{said}") or f"exit {process.returncode}")
        return printed


def _last_line(text: str) -> str:
    """Return the last line that says something, without addresses."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _ADDRESS.sub("…", lines[-1])[:200] if lines else ""


def _go(product: Product, folder: Path, run: Run) -> None:
    package = f"{product.package}@{product.version}"
    if not product.source:
        run("go", "install", package, where=folder, GOBIN=str(folder))
        return
    run("go", "mod", "download", package, where=folder)
    told = json.loads(run("go", "mod", "download", "-json", package, where=folder))
    source = folder / "source"
    shutil.copytree(told["Dir"], source, copy_function=shutil.copyfile)
    for place in (source, *(each for each in source.rglob("*") if each.is_dir())):
        place.chmod(0o755)
    if product.edit:
        run("go", "mod", "edit", *product.edit, where=source)
    options = ("-trimpath", "-tags", product.tags, "-o", str(folder / product.program))
    run("go", "build", "-mod=mod", *options, product.source, where=source)
    shutil.rmtree(source)


def _npm(product: Product, folder: Path, run: Run) -> None:
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    if product.source:
        shutil.copyfile(ROOT / product.source / "package.json", folder / "package.json")
        run("npm", "install", *options, where=folder)
        return
    (folder / "package.json").write_text("{}", encoding="utf-8")
    run("npm", "install", *options, f"{product.package}@{product.version}", where=folder)


def _maven(product: Product, folder: Path, run: Run) -> None:
    artifact = f"-Dartifact={product.package}:{product.version}:zip"
    run("mvn", "-B", "-q", _UNPACK, artifact, f"-DoutputDirectory={folder}", where=folder)


def _wheel(product: Product, folder: Path, run: Run) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{product.package}=={product.version} --hash=sha256:{product.sha256}\n")
    options = ("--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(wanted))
    run(sys.executable, "-m", "pip", "download", *options, "-d", str(folder), where=folder)
    for wheel in folder.glob("*.whl"):
        with ZipFile(wheel) as packed:
            packed.extractall(folder)
        wheel.unlink()
    (folder / product.program).chmod(0o755)


_KINDS: Final[dict[str, Callable[[Product, Path, Run], None]]] = {
    "go": _go,
    "npm": _npm,
    "maven": _maven,
    "wheel": _wheel,
}


def build(product: Product, seconds: float) -> None:
    """Build a product in a folder beside its own, which takes its name when it is whole."""
    if product.kind not in _KINDS:
        raise NotBuilt(f"apt-get install {product.package}")
    if seconds <= 0:
        raise NotBuilt("the time of all products was over")
    part = product.folder.with_name(product.folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        run = Run(seconds)
        _KINDS[product.kind](product, part, run)
        if not (part / product.program).exists():
            raise NotBuilt(f"what was built has no {product.program}")
        if product.setup:
            run(*product.command(part), *product.setup, where=part)
        shutil.rmtree(product.folder, ignore_errors=True)
        part.rename(product.folder)
        product.note.unlink(missing_ok=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _say(product: Product, words: str) -> None:
    sys.stdout.write(f"{product.name} {product.version}: {words}\n")
    sys.stdout.flush()


def main() -> int:
    """Build what is asked for; return 1 if something is missing in the end."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.logins.build", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(PRODUCTS))
    parser.add_argument("--seconds", type=float, default=3600, help="for all of them together")
    options = parser.parse_args()
    if unknown := set(options.names) - set(PRODUCTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(PRODUCTS)}")
    ends = time.monotonic() + options.seconds
    CACHE.mkdir(parents=True, exist_ok=True)
    missing = 0
    wanted = [PRODUCTS[name] for name in options.names or PRODUCTS]
    wanted.sort(key=lambda each: each.seconds)  # so that little is missing where time is short
    for product in (each for each in wanted if each.kind != "python"):
        if product.path.exists():
            _say(product, "is there")
            continue
        left = min(product.seconds, ends - time.monotonic())
        began = time.monotonic()
        _say(product, f"building, for at most {max(0, left):.0f} s")
        try:
            build(product, left)
        except (NotBuilt, OSError, ValueError) as reason:
            product.note.write_text(f"{reason}\n", encoding="utf-8")
            _say(product, f"cannot be built: {reason}")
            missing += 1
        else:
            _say(product, f"built in {time.monotonic() - began:.0f} s")
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
