import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from app.server import serving
from app.server.watching import Pauses, Watch
from app.settings.problems import InvalidSettings
from app.telemetry import logs
from app.telemetry.sink import Sink
from tests.in_process import Client, Load, Server
from tests.samples import ADA, PANDIUM, PROXY

NEW_SECRET = "pandium-anew-5b4c3d2e1f00f1e2d3c4b5a6978"


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(serving, "_current", [])
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    yield
    structlog.reset_defaults()


@pytest.fixture
def drained() -> Iterator[None]:
    yield
    serving._draining[0] = 0  # noqa: SLF001 - only a new process starts without it


def test_a_worker_is_given_the_application_of_the_environment(load: Load) -> None:
    load(PROXY, PANDIUM)

    answer = Client(Server(serving.application())).simulate_get("/pandium-sso")

    assert answer.status_code == 401


@pytest.mark.requirement("R48")
def test_without_a_configuration_that_holds_nothing_is_served(load: Load) -> None:
    with pytest.raises(InvalidSettings):
        load()

    with pytest.raises(InvalidSettings):
        serving.application()


@pytest.mark.requirement("R49")
def test_a_reload_takes_what_holds_and_says_so(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "PANDIUM_SHARED_SECRET").write_text("first-" + NEW_SECRET)
    load(PROXY, PANDIUM_ACCOUNT="acme", SECRETS_DIR=str(tmp_path))
    before = serving.current()
    reloads: list[str] = []
    arbiter = SimpleNamespace(
        reload=lambda: reloads.append("x"), handle_term=lambda: None, murder_workers=lambda: None
    )
    serving.prepare(arbiter)

    (tmp_path / "PANDIUM_SHARED_SECRET").write_text(NEW_SECRET)
    arbiter.reload()

    assert reloads == ["x"]
    assert serving.current() is not before
    assert serving.current().secrets == (NEW_SECRET,)
    assert "configuration_taken" in capsys.readouterr().out


@pytest.mark.requirement("R49")
def test_a_reload_keeps_what_held_and_says_so(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "PANDIUM_SHARED_SECRET").write_text(NEW_SECRET)
    load(PROXY, PANDIUM_ACCOUNT="acme", SECRETS_DIR=str(tmp_path))
    before = serving.current()
    reloads: list[str] = []
    arbiter = SimpleNamespace(
        reload=lambda: reloads.append("x"), handle_term=lambda: None, murder_workers=lambda: None
    )
    serving.prepare(arbiter)

    (tmp_path / "PANDIUM_SHARED_SECRET").write_text("hush")
    arbiter.reload()

    assert reloads == []
    assert serving.current() is before
    words = capsys.readouterr().out
    assert "configuration_refused" in words
    assert "PANDIUM_SHARED_SECRET is 4 bytes long" in words
    assert "hush" not in words


@pytest.mark.requirement("R49", "R62")
@pytest.mark.parametrize("variable", ["SSO_BIND", "SSO_METRICS_BIND"])
def test_a_reload_never_closes_the_port_to_listen_elsewhere(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str], variable: str
) -> None:
    file = tmp_path / "more.env"
    file.write_text("SSO_LOG_LEVEL=info\n")
    load(PROXY, PANDIUM, ENV_FILE=str(file))
    reloads: list[str] = []
    arbiter = SimpleNamespace(
        reload=lambda: reloads.append("x"), handle_term=lambda: None, murder_workers=lambda: None
    )
    serving.prepare(arbiter)

    file.write_text(f"{variable}=127.0.0.1:9090\n")
    arbiter.reload()

    assert reloads == []
    assert f"{variable} has changed, which needs a restart" in capsys.readouterr().out


@pytest.mark.requirement("R50")
@pytest.mark.usefixtures("drained")
def test_ending_begins_with_readiness(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    load(PROXY, PANDIUM, SSO_DRAIN_SECONDS="3")
    service = Client(Server(serving.application()))
    assert service.simulate_get("/readyz").status_code == 200
    seen: list[Any] = []

    def sleep(seconds: float) -> None:
        ready = service.simulate_get("/readyz")
        sign_on = service.simulate_get("/pandium-sso", headers=ADA)
        seen.append((seconds, ready.status_code, ready.json, sign_on.status_code))
        seen.append(sign_on.headers["connection"])

    monkeypatch.setattr("app.server.serving.time.sleep", sleep)
    arbiter = SimpleNamespace(
        reload=None, handle_term=lambda: seen.append("ended"), murder_workers=None
    )
    serving.prepare(arbiter)

    arbiter.handle_term()

    assert seen == [
        (3.0, 503, {"status": "not ready", "draining": True}, 307),
        "close",
        "ended",
    ]


def test_a_file_of_variables_is_read_like_the_environment(load: Load, tmp_path: Path) -> None:
    (tmp_path / "sso.env").write_text(f"PANDIUM_SHARED_SECRET={NEW_SECRET}\n# a comment\n")

    config = load(PROXY, PANDIUM_ACCOUNT="acme", ENV_FILE=str(tmp_path / "sso.env"))

    assert config.secrets == (NEW_SECRET,)


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("text", "variable", "words"),
    [
        ("PANDIUM_ACCOUNT=acme", "PANDIUM_ACCOUNT", "in the environment and in ENV_FILE"),
        ("PANDIUM_ACOUNT=acme", "PANDIUM_ACOUNT", "did you mean PANDIUM_ACCOUNT?"),
        (None, "ENV_FILE", "is not a file that can be read"),
    ],
)
def test_a_wrong_file_of_variables_is_named(
    load: Load, tmp_path: Path, text: str | None, variable: str, words: str
) -> None:
    path = tmp_path / "sso.env"
    if text is not None:
        path.write_text(text)

    with pytest.raises(InvalidSettings) as refused:
        load(PROXY, PANDIUM, ENV_FILE=str(path))

    assert words in {each.variable: each.wrong for each in refused.value.problems}[variable]


def test_logs_go_to_standard_output(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    configured: list[Any] = []
    monkeypatch.setattr(logs, "configure", lambda *arguments: configured.append(arguments))
    load(PROXY, PANDIUM, SSO_LOG_LEVEL="debug")

    serving.current()

    ((level, log_format, sink, secrets),) = configured
    assert (level, log_format, secrets) == ("debug", "json", (PANDIUM["PANDIUM_SHARED_SECRET"],))
    assert isinstance(sink, Sink)


@pytest.mark.requirement("R69")
def test_a_changed_file_is_a_reload_and_a_broken_one_is_told_once(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "PANDIUM_SHARED_SECRET").write_text("first-" + NEW_SECRET)
    load(PROXY, PANDIUM_ACCOUNT="acme", SECRETS_DIR=str(tmp_path))
    done: list[str] = []
    clock = iter(range(0, 1000, 20))
    monkeypatch.setattr(Watch.__init__, "__kwdefaults__", {"clock": lambda: next(clock)})
    arbiter = SimpleNamespace(
        reload=lambda: done.append("reload"),
        handle_term=None,
        murder_workers=lambda: done.append("look"),
    )
    serving.prepare(arbiter)

    arbiter.murder_workers()
    (tmp_path / "PANDIUM_SHARED_SECRET").write_text("hush")
    arbiter.murder_workers()
    arbiter.murder_workers()
    (tmp_path / "PANDIUM_SHARED_SECRET").write_text(NEW_SECRET)
    arbiter.murder_workers()
    arbiter.murder_workers()

    assert done == ["look", "look", "look", "reload", "look", "look"]
    assert serving.current().secrets == (NEW_SECRET,)
    assert capsys.readouterr().out.count("configuration_refused") == 1


@pytest.mark.requirement("R50")
def test_workers_are_not_taken_for_hung_when_all_processes_have_been_stopped(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(PROXY, PANDIUM)
    serving.current()
    clock = iter([0, 1, 3600, 3601, 3606])
    monkeypatch.setattr(Pauses.__init__, "__kwdefaults__", {"clock": lambda: next(clock)})
    done: list[str] = []
    arbiter = SimpleNamespace(
        reload=None, handle_term=None, murder_workers=lambda: done.append("look")
    )
    serving.prepare(arbiter)
    looks = []
    for _ in range(4):
        arbiter.murder_workers()
        looks.append(len(done))

    assert looks == [1, 1, 1, 2]


@pytest.mark.requirement("R63")
@pytest.mark.parametrize("looks_before_the_end", [0, 1, 2])
def test_gunicorn_deletes_the_socket_that_it_made_and_no_other(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str], looks_before_the_end: int
) -> None:
    path = tmp_path / "sso.sock"
    load(PROXY, PANDIUM, AUTH_OAUTH2_PROXY_TRUSTED_PROXIES="unix", SSO_BIND=f"unix:{path}")
    serving.current()
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as other:
        listener.bind(str(path))
        done: list[Any] = []
        arbiter = SimpleNamespace(
            systemd=False, murder_workers=lambda: done.append("look"), stop=done.append
        )
        serving.watch_socket(arbiter)

        arbiter.murder_workers()
        assert not arbiter.systemd
        path.rename(tmp_path / "ours")
        other.bind(str(path))
        for _ in range(looks_before_the_end):
            arbiter.murder_workers()
        arbiter.stop(False)

    assert arbiter.systemd
    assert done == ["look"] * (1 + looks_before_the_end) + [False]
    assert capsys.readouterr().out.count("socket_deleted") == 1
