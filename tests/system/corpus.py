"""Reads the corpora of tests/data.

One case a line; `# ` opens a comment; `[verdict] words` sets the verdict of the lines below it.
In a case, braces hold what a text file cannot: {cr} {lf} {crlf} {tab} {nul} {sp}, a byte {xff},
a code point {u202e} (as UTF-8), a repetition {600*a}, braces {open} and {close}.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

DATA = Path(__file__).resolve().parents[1] / "data"
NAMED = {
    "cr": b"\r",
    "lf": b"\n",
    "crlf": b"\r\n",
    "tab": b"\t",
    "nul": b"\0",
    "sp": b" ",
    "open": b"{",
    "close": b"}",
}


@dataclass(frozen=True)
class Case:
    """One line of a corpus, and where it stands."""

    verdict: str
    data: bytes
    place: str

    @property
    def quoted(self) -> str:
        """The case as one percent-encoded piece of an address."""
        return quote(self.data, safe="")

    @property
    def fits_a_request_line(self) -> bool:
        """Whether the case can stand in a request line as it is (RFC 9112 section 3.2)."""
        return re.fullmatch(rb"[\x21-\x7e]+", self.data) is not None

    @property
    def fits_a_header(self) -> bool:
        """Whether the case can be a field value as it is (RFC 9110 section 5.5)."""
        return re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", self.data) is None


def read(name: str) -> list[Case]:
    """All cases of a corpus, in order."""
    cases = []
    verdict = ""
    for number, line in enumerate((DATA / name).read_text(encoding="utf-8").split("\n"), 1):
        if not line or line == "#" or line.startswith("# "):
            continue
        if section := re.match(r"\[([^\]]+)\]", line):
            verdict = section[1]
            continue
        cases.append(Case(verdict, unfolded(line), f"{name}:{number}"))
    return cases


def unfolded(line: str) -> bytes:
    """The bytes a line stands for."""
    pieces = re.split(r"\{([^{}]+)\}", line)
    return b"".join(
        meant(piece) if index % 2 else piece.encode() for index, piece in enumerate(pieces)
    )


def meant(name: str) -> bytes:
    """The bytes a name in braces stands for."""
    if name in NAMED:
        return NAMED[name]
    if repetition := re.fullmatch(r"(\d+)\*(.+)", name):
        return int(repetition[1]) * repetition[2].encode()
    if byte := re.fullmatch(r"x([0-9a-f]{2})", name):
        return bytes.fromhex(byte[1])
    if point := re.fullmatch(r"u([0-9a-f]{4,6})", name):
        return chr(int(point[1], 16)).encode("utf-8", "surrogatepass")
    raise ValueError(f"{{{name}}} stands for nothing")
