"""Files of the configuration: regular ones only, bounded, and never waited for."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from app.tokens.key_faults import binary_key

SECRET_BYTES: Final = 64 * 1024
"""The largest file of one secret; a private RSA key of 8192 bits as PEM has 6.4 KiB."""

MAX_BYTES: Final = 1024 * 1024
"""The largest of every other file."""

# Without O_NONBLOCK, opening a pipe waits for somebody to write into it.
_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class UnreadableFile(ValueError):
    """A file that cannot be read, or that is not what it should be."""


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder, in one that may be entered."""
    try:
        return path.is_dir()
    except OSError:
        return False


def read_file(path: Path, *, at_most: int = MAX_BYTES) -> bytes:
    """Return the bytes of a file. A pipe, a device or a folder is refused without waiting for it.

    Raises:
        UnreadableFile: with words that follow the name of the variable.
    """
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnreadableFile("is not a regular file")
            content = file.read(at_most + 1)
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {_reason(path, error)}") from None
    if len(content) > at_most:
        raise UnreadableFile(f"is a file of more than {at_most // 1024} KiB")
    if not content.strip():
        raise UnreadableFile("is an empty file")
    return content


def read_text(path: Path, *, at_most: int = MAX_BYTES) -> str:
    """Return the text of a file in UTF-8.

    Raises:
        UnreadableFile: as `read_file`; a key that is not text, another encoding, a byte-order mark,
            or NUL.
    """
    content = read_file(path, at_most=at_most)
    if (key := binary_key(content)) is not None:
        raise UnreadableFile(f"is not text but {key}")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    if "\ufeff" in text:
        raise UnreadableFile("has a byte-order mark; save it as UTF-8 without one")
    if "\0" in text:
        raise UnreadableFile("has a NUL character; save it as plain UTF-8")
    return text


def entries(folder: Path) -> list[str]:
    """Return the names of what is in a folder.

    Raises:
        UnreadableFile: it is no folder, or may not be listed.
    """
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise UnreadableFile(f"cannot be listed: {_reason(folder, error)}") from None


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        return "it is a link to nothing"
    return error.strerror or "it cannot be opened"
