"""Gather the source of the documents' site: `python -m tests.site FOLDER`.

The documents link to files beside `docs`, and to folders. Both are no pages of mkdocs: files are
copied, and a folder gets a page that lists it.
"""

import os
import re
import shutil
import sys
from functools import partial
from pathlib import Path

from tests.documented import DOCUMENTS, ROOT

_LINK = re.compile(r"(\]\()(?!https?:|mailto:|#)([^)#\s]+)")


def gather(folder: Path) -> None:
    """Fill `folder` anew with the documents and with what they link to."""
    shutil.rmtree(folder, ignore_errors=True)
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        written = folder / document.relative_to(ROOT)
        written.parent.mkdir(parents=True, exist_ok=True)
        linked = partial(_linked, document, folder)
        written.write_text(_LINK.sub(linked, text), encoding="utf-8")


def _linked(document: Path, folder: Path, link: re.Match[str]) -> str:
    return link[1] + _page(document, link[2], folder)


def _page(document: Path, target: str, folder: Path) -> str:
    """Copy what a link of `document` leads to, and return the link for the site."""
    linked = (document.parent / target).resolve()
    if linked.is_dir():
        page = "README.md" if (linked / "README.md").exists() else "index.md"
        if page == "index.md":
            _list(linked, folder / linked.relative_to(ROOT))
        return f"{target.rstrip('/')}/{page}"
    if linked.suffix != ".md" and linked.is_file():
        _copy(linked, folder / linked.relative_to(ROOT))
    return target


def _list(listed: Path, into: Path) -> None:
    """Copy the files of a folder, and write a page that lists them."""
    names = sorted(
        os.path.relpath(path, listed)
        for path in listed.rglob("*")
        if path.is_file() and not _is_left_out(path.relative_to(listed))
    )
    for name in names:
        if not name.endswith(".md"):  # a document, which has its links rewritten
            _copy(listed / name, into / name)
    lines = [f"- [{name}]({name})" for name in names]
    page = "\n".join([f"# {listed.relative_to(ROOT)}", "", *lines, ""])
    (into / "index.md").write_text(page, encoding="utf-8")


def _is_left_out(path: Path) -> bool:
    """Tell what is made on this machine: compiled files, and secrets above all."""
    return any(part.startswith(".") or part in {"__pycache__", "secrets"} for part in path.parts)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    gather(Path(sys.argv[1]))
