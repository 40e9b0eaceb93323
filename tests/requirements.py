"""The requirements and their tests: `python -m tests.requirements` prints the table."""

import ast
import sys
from pathlib import Path

TESTS = Path(__file__).parent

HOLDS = {
    "R1": "One algorithm family for each authenticator; any other `alg` is 401 without a key fetch",
    "R2": "A key is used for its own algorithm only, and only if it is meant for signatures",
    "R3": "A public key never serves as an HMAC secret",
    "R4": "A weak HMAC secret, or a key taken for one, is refused at start",
    "R5": "Compact tokens only, strictly encoded",
    "R6": "A token that is too large is refused before it is decoded",
    "R7": "Nothing in a token's header leads to a key, or changes how it is read",
    "R8": "A key set that gives away a private key or names one twice is refused whole",
    "R9": "Times are numbers, `exp` is required, lifetimes can be capped",
    "R10": "Issuer and audience are equal as strings and never unset by accident",
    "R11": "Ids have no control, formatting or surrogate characters; an e-mail has one `@`",
    "R12": "Only tokens of the right type count",
    "R13": "JSON that has two meanings is refused",
    "R14": "Any failure while verifying refuses; every bad token gets the same body",
    "R15": "An AWS load balancer's token names the configured balancer, client and issuer",
    "R16": "Keys come from the configured address, bounded in time and size, over verified TLS",
    "R17": "A known key never waits; unknown ones cost at most one fetch for each cooldown",
    "R18": "The last good keys stay in use while their server is down; garbage never replaces them",
    "R19": "Rotation refuses no valid request; without keys nobody is signed on",
    "R20": "Trust in every peer is refused at start; `unix` names unix-socket peers",
    "R21": "Headers of untrusted peers, and underscore twins, never count",
    "R22": "A repeated, joined or undecodable identity header is refused",
    "R23": "Forwarding headers decide nothing and nothing is built from them",
    "R24": "Secrets are compared in constant time",
    "R25": "No path, query, agent or method exempts from authentication",
    "R26": "Repeated, malformed, oversized or chunked cookies are refused in constant memory",
    "R27": "The next request knows that a user switched or signed out",
    "R28": "An authenticator that hangs, raises or returns nonsense signs nobody on",
    "R29": "Scheme, host and port of the redirect come from configuration, for every parser",
    "R30": "Ids and parameters match a pattern as a whole; a repeated one is 400",
    "R31": "Only `GET` mints; no other method, and no prefetch",
    "R32": "The redirect has one token and its own fragment",
    "R33": "Token ids are random, `iat` is a past integer, and no token outlives its session",
    "R34": "Only mapped claims leave; a redirect has no body",
    "R35": "No secret is used twice; a minted token is not a session",
    "R36": "Nothing is cached, referred or sniffed; no answer has a server version",
    "R37": "Pages run only what they contain, in frames of the host only",
    "R38": "Foreign frames, images and scripts mint nothing",
    "R39": "Cross-origin answers go to exact origins only",
    "R40": "Messages go to named origins, and come from the frame's own window and origin",
    "R41": "Ambiguous requests are refused and their connection is closed",
    "R42": "32 KiB of header fields pass; more is refused",
    "R43": "A path has one spelling; no other one weakens authentication",
    "R44": "The service survives idle, trickling and too many clients",
    "R45": "No token, secret, cookie, credential or query string gets into a log",
    "R46": "One line for each sign-on and refusal, whatever its content",
    "R47": "A closed, full or blocked log never blocks a worker; lost lines are counted",
    "R48": "An invalid configuration never starts; every problem is named, without a secret",
    "R49": "SIGHUP takes new secrets without a failed request, and only if they are valid",
    "R50": "Ending fails readiness first and finishes requests; lost workers are replaced",
    "R51": "No control socket; a read-only root, no home and any user are enough",
    "R52": "Liveness checks nothing else; only their clients see metrics; the routes are known",
    "R53": "Dependencies are locked with hashes; the image is minimal and runs without root",
    "R54": "A head has a deadline and a bound; half-open connections take nothing from others",
    "R55": "Every answer has the headers of all; a body is never waited for",
    "R56": "A login is tried once: no answer leads a browser back to it within 60 s",
    "R57": "What signs a session in is told apart from everybody else's tokens and keys",
    "R58": "An answer of the host belongs to its question",
    "R59": "One caller cannot use up what others need",
    "R60": "A proxy network that is none is refused; a unix socket is not open to everybody",
    "R61": "An unverified e-mail address is no address; no spelling of it is a 500",
    "R62": "Whatever is wrong while a configuration is read is a named problem, and no traceback",
    "R63": "No variable that is not ours changes what was checked; nothing is interpolated",
    "R64": "A reason names what was found, what was wanted and the variable that decides",
    "R65": "A secret is what the operator meant: no quotes, no invisible text, no placeholder",
    "R66": "A row that passes `check` signs on",
    "R67": "No token outlives the host session, however its `exp` is written",
    "R68": "The vendor is asked for a token once, within bounds, and at its own address only",
    "R69": "A changed file is taken soon, and no request is lost",
    "R70": "Each preset is held by a payload as its product sends it",
    "R71": "Link, iframe and element work in every engine",
}


def holding() -> dict[str, list[str]]:
    """Return the tests of each requirement, as they are marked."""
    found: dict[str, list[str]] = {name: [] for name in HOLDS}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for name in marks(node):
                    found[name].append(f"{path.relative_to(TESTS.parent)}::{node.name}")
    return found


def marks(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the ids in `@pytest.mark.requirement(...)` of a test."""
    return [
        str(argument.value)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("requirement")
        for argument in decorator.args
        if isinstance(argument, ast.Constant)
    ]


def table() -> str:
    """Return the table as Markdown."""
    lines = [
        "# What must hold",
        "",
        "The tests below each requirement hold it. Written by `make reference`.",
        "",
    ]
    for name, tests in holding().items():
        lines += [f"## {name}: {HOLDS[name]}", "", *(f"- `{test}`" for test in tests), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table())
