"""What happens to users in every engine: each case returns in a few words what a user sees.

`python -m tests.browser.matrix` writes the table of docs/embedding.md from it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from .engines import Cookies
from .neighbours import ELSEWHERE, Neighbours
from .sites import ADA
from .webdriver import Tab

Way = Literal["link", "iframe", "element", "form", "form in an iframe"]

QUIET_SECONDS: Final = 1.0
"""What is seen counts when so long nothing happened; a turn of a loop takes a tenth of it."""

_ADA: Final = "the marketplace"
_BOB: Final = "the new user's marketplace"
_EXPLAINED: Final = "an explanation"
_LINK: Final = "a link to the login"
_SEEN: Final = {
    r"Marketplace\s+of ada": _ADA,
    r"Marketplace\s+of bob": _BOB,
    r"You have just signed in, but that session is not accepted": _EXPLAINED,
    r"You are still signed out": _EXPLAINED,
    r"Please sign in": _LINK,
    r"To the marketplace": "the form, and no vendor",
}


@dataclass
class Visit:
    """A browser among the neighbours; `host` is the origin of the page that embeds."""

    tab: Tab
    around: Neighbours
    host: str

    def show(self, way: Way, **headers: str) -> None:
        """Open the page of the host, with these headers, that leads to the marketplace this way."""
        address = f"{self.around.service}/pandium-sso"
        markup = {
            "link": f'<a id="go" href="{address}">Marketplace</a>',
            "iframe": f'<iframe src="{address}" referrerpolicy="strict-origin"></iframe>',
            "element": (
                "<script>window.told = [];"
                "addEventListener('sso-error', (event) => told.push(event.detail.code));"
                f'</script><script type="module" src="{address}/embed.js"></script>'
                f'<marketplace-embed src="{address}"></marketplace-embed>'
            ),
        }.get(way, "")
        self.tab.open(self.around.sites.put(f"{self.host}/{way}", markup, **headers))
        if way == "link":
            self.tab.click("#go")

    def sign_in(self, user: str = "ada") -> None:
        """Sign in on another page; nothing of that counts."""
        self.around.accounts.user = user
        self.tab.open(self.around.login)
        self.tab.until(lambda: "Nothing" in self.tab.text(), "signed in")
        self.around.sites.asked.clear()

    def sees(self) -> str:
        """Return what the user ends up with, once nothing changes any more."""
        self.tab.until(self._glance, "seen anything")
        requests = -1
        while requests != (requests := len(self.around.sites.asked)):
            time.sleep(QUIET_SECONDS)
            if self.around.logins() > 5:
                return "round and round"
        return str(self.tab.until(self._glance, "seen anything"))

    def clicks_sign_in(self) -> None:
        """Follow the link in the frame."""
        self.tab.until(lambda: "Please sign in" in self.tab.framed_text(), "asked to sign in")
        self.tab.to_frame(0)
        self.tab.click("a")
        self.tab.to_frame(None)

    def _glance(self) -> str | None:
        text = self.tab.text() + self.tab.framed_text()
        return next((words for each, words in _SEEN.items() if re.search(each, text)), None)


@dataclass(frozen=True)
class Case:
    """Something that happens; `ways` are those in which it can, `cookies` what the engine keeps."""

    name: str
    ways: tuple[Way, ...]
    happens: Callable[[Visit, Way], str]
    cookies: Cookies = "usual"
    far: bool = False
    wanted: str | None = None
    """What every engine must show, where it is not only told."""


def _signed_in(visit: Visit, way: Way) -> str:
    visit.sign_in()
    visit.show(way)
    return visit.sees()


def _signed_out(visit: Visit, way: Way) -> str:
    visit.show(way)
    return _after_the_login(visit, way)


def _after_the_login(visit: Visit, way: Way) -> str:
    if way == "iframe":
        visit.clicks_sign_in()
    seen = visit.sees()
    assert visit.around.logins() == 1, f"{visit.around.logins()} times at the login"
    if way == "element" and seen == _EXPLAINED:
        assert visit.tab.run("return told") == ["login_failed"]
    return seen


def _expired(visit: Visit, way: Way) -> str:
    visit.around.accounts.lifetime_seconds = -600
    visit.sign_in()
    visit.around.accounts.lifetime_seconds = 3600
    visit.show(way)
    return _after_the_login(visit, way)


def _switched(visit: Visit, way: Way) -> str:
    visit.sign_in("ada")
    visit.show(way)
    assert visit.sees() == _ADA
    visit.sign_in("bob")
    visit.show(way)
    return visit.sees()


def _back(**headers: str) -> Callable[[Visit, Way], str]:
    """Go back to a page with these headers, after somebody else has signed in on another."""

    def happens(visit: Visit, way: Way) -> str:
        visit.sign_in("ada")
        visit.show(way, **headers)
        assert visit.sees() == _ADA
        visit.sign_in("bob")
        visit.tab.back()
        seen = visit.sees()
        return "the former user's marketplace" if seen == _ADA else seen

    return happens


def _untrusted_proxy(visit: Visit, way: Way) -> str:
    """The login proxy says who it is, and the service does not believe it."""
    visit.around.sites.identity = ADA
    visit.around.accounts.audience = ""
    visit.show(way)
    return _after_the_login(visit, way)


def _wrong_audience(visit: Visit, way: Way) -> str:
    visit.around.accounts.audience = ELSEWHERE
    visit.show(way)
    return _after_the_login(visit, way)


def _across_sites(visit: Visit, way: Way) -> str:
    """The session is there, but a frame or a script of another site may not have its cookie."""
    visit.sign_in()
    visit.show(way)
    seen = visit.sees()
    if seen == _LINK:
        visit.clicks_sign_in()
        seen = f"{_LINK}; it opens {visit.sees()}"
    assert visit.around.logins() <= 1, f"{visit.around.logins()} times at the login"
    return seen


def _form(row: str) -> Callable[[Visit, Way], str]:
    """Post the form of a row to a vendor that redirects to another origin of its own."""

    def happens(visit: Visit, way: Way) -> str:
        around = visit.around
        visit.sign_in()
        around.sites.put(f"{around.vendor}/access/jwt", "", Location=f"{around.tenant}/in")
        around.sites.put(f"{around.tenant}/in", "<h1>Marketplace</h1><p>of ada</p>")
        page = f"{around.service}/{row}-sso"
        framing = f'<iframe src="{page}"></iframe>'
        visit.tab.open(page if way == "form" else around.sites.put(f"{visit.host}/page", framing))
        return visit.sees()

    return happens


def _colours(visit: Visit, way: Way) -> str:
    """Show a page of ours in a page that is dark, whatever the system is."""
    address = f"{visit.around.service}/pandium-sso"
    dark = "<style>:root { color-scheme: dark }</style>"
    page = f'{dark}<iframe src="{address}"></iframe>'
    visit.tab.open(visit.around.sites.put(f"{visit.host}/{way}", page))
    visit.tab.until(lambda: "Please sign in" in visit.tab.framed_text(), "shown")
    visit.tab.to_frame(0)
    colours = visit.tab.run(
        "return [document.body, document.querySelector('main')]"
        ".map((each) => getComputedStyle(each).backgroundColor)"
    )
    assert colours[0] == "rgba(0, 0, 0, 0)"
    return {"rgb(29, 34, 43)": "dark", "rgb(255, 255, 255)": "light"}[colours[1]]


_ALL: Final[tuple[Way, ...]] = ("link", "iframe", "element")
_NOT_KEPT: Final = {"Cache_Control": "no-store"}
_FORMS: Final[tuple[Way, ...]] = ("form", "form in an iframe")

CASES: Final = (
    Case("signed in", _ALL, _signed_in, wanted=_ADA),
    Case("signed out, after the login", _ALL, _signed_out, wanted=_ADA),
    Case("session expired, after the login", _ALL, _expired, wanted=_ADA),
    Case("another user signed in, page opened again", _ALL, _switched, wanted=_BOB),
    Case("another user signed in, then Back", ("element",), _back(), wanted=_BOB),
    Case("another user signed in, then Back", ("iframe",), _back()),
    Case("the same, and your page is `no-store`", ("element",), _back(**_NOT_KEPT), wanted=_BOB),
    Case("the same, and your page is `no-store`", ("iframe",), _back(**_NOT_KEPT)),
    Case("login proxy not trusted, after the login", _ALL, _untrusted_proxy, wanted=_EXPLAINED),
    Case("wrong audience, after the login", _ALL, _wrong_audience, wanted=_EXPLAINED),
    Case("other site, third-party cookies allowed", _ALL, _across_sites, "allowed", far=True),
    Case("other site, the engine's own rules", _ALL, _across_sites, far=True),
    Case("other site, third-party cookies blocked", _ALL, _across_sites, "blocked", far=True),
    Case(
        "vendor redirects a form to an origin of `form_targets`",
        _FORMS,
        _form("named"),
        wanted=_ADA,
    ),
    Case("a page of ours, framed in a dark page", ("iframe",), _colours),
    Case("vendor redirects a form to an origin that is not named", _FORMS, _form("unnamed")),
)
