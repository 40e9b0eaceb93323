"""What must hold, and the tests that hold it: `python -m tests.requirements` prints the table."""

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
    "R14": "Whatever goes wrong while verifying refuses, with one body for every bad token",
    "R15": "An AWS load balancer's token names the configured balancer, client and issuer",
    "R16": "Keys come from the configured address, bounded in time and size, over verified TLS",
    "R17": "A known key never waits; unknown ones cost at most one fetch for each cooldown",
    "R18": "The last good keys serve while their server is down, and garbage never replaces them",
    "R19": "Rotation refuses nobody; without any keys nobody is signed on",
    "R20": "Trust in everybody does not start; unix-socket peers are named as such",
    "R21": "Headers of untrusted peers, and underscore twins, never count",
    "R22": "A doubled, joined or undecodable identity header is refused",
    "R23": "Nothing is decided or built from what forwarding headers say",
    "R24": "Secrets are compared in constant time",
    "R25": "No path, query, agent or method exempts from authentication",
    "R26": "Doubled, malformed, oversized or chunked cookies are refused in constant memory",
    "R27": "Who has switched users or signed out is known to the next request",
    "R28": "An authenticator that hangs, raises or returns nonsense signs nobody on",
    "R29": "Scheme, host and port of the redirect come from configuration, for every parser",
    "R30": "Ids and parameters match a pattern as a whole; a doubled one is 400",
    "R31": "Only `GET` mints; no other method, and no prefetch",
    "R32": "The redirect carries one token and a fragment of its own",
    "R33": "Token ids are random, times are whole and never ahead, no token outlives its session",
    "R34": "Only mapped claims leave; a redirect has no body",
    "R35": "No secret serves twice; a token of ours is no session",
    "R36": "Nothing is cached, referred or sniffed; no server version is told",
    "R37": "Pages run only what they contain, in frames of the host only",
    "R38": "Foreign frames, images and scripts mint nothing",
    "R39": "Cross-origin answers go to exact origins only",
    "R40": "Messages go to named origins, and come from the frame's own window and origin",
    "R41": "Requests that two servers could read in two ways are refused and hung up on",
    "R42": "32 KiB of header fields pass, more does not",
    "R43": "A path has one spelling, and no other is weaker",
    "R44": "Idle, trickling and far too many clients are survived",
    "R45": "No token, secret, cookie, credential or query string gets into a log",
    "R46": "One line for each sign-on and refusal, whatever stands in it",
    "R47": "A closed, full or blocked log hangs nobody; what is lost is counted",
    "R48": "A wrong configuration never starts, and names every mistake without a secret",
    "R49": "SIGHUP takes new secrets without a failed request, and only if they hold",
    "R50": "Ending begins with readiness and finishes what is under way; lost workers are replaced",
    "R51": "No control socket; a read-only root, no home and any user are enough",
    "R52": "Liveness touches nothing; metrics answer their clients only; the routes are known",
    "R53": "Dependencies are locked with hashes; the image is bare and runs as nobody special",
}


def holding() -> dict[str, list[str]]:
    """Give the tests of each requirement, as they are marked."""
    found: dict[str, list[str]] = {name: [] for name in HOLDS}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for name in marks(node):
                    found[name].append(f"{path.relative_to(TESTS.parent)}::{node.name}")
    return found


def marks(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Give what `@pytest.mark.requirement(...)` of a test says."""
    return [
        str(argument.value)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("requirement")
        for argument in decorator.args
        if isinstance(argument, ast.Constant)
    ]


def table() -> str:
    """Give the table as Markdown."""
    lines = [
        "# What must hold",
        "",
        "Each line is held by the tests that are marked with it. Made by `make reference`.",
        "",
    ]
    for name, tests in holding().items():
        lines += [f"## {name}: {HOLDS[name]}", "", *(f"- `{test}`" for test in tests), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table())
