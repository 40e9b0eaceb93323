"""A secret that Kubernetes replaces is taken by itself, and no request is the price."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from .acme import ADA, AS_SHIPPED, PANDIUM
from .service import Service, eventually, serving
from .vendor import verify

SECOND = 1.0


def mounted(folder: Path, secret: str) -> None:
    """Write a volume as Kubernetes does: files are links into `..data`, which is swapped."""
    number = sum(1 for each in folder.iterdir() if each.name.startswith("..2026"))
    version = folder / f"..2026_{number}"
    version.mkdir()
    (version / "PANDIUM_SHARED_SECRET").write_text(secret)
    (folder / "..data_tmp").symlink_to(version.name)
    (folder / "..data_tmp").rename(folder / "..data")
    if not (folder / "PANDIUM_SHARED_SECRET").is_symlink():
        (folder / "PANDIUM_SHARED_SECRET").symlink_to("..data/PANDIUM_SHARED_SECRET")


def secret_of(number: int) -> str:
    return f"pandium-{number:02d}-0f1e2d3c4b5a69788796a5b4c3d2"


def is_signed_with(service: Service, secret: str) -> bool:
    location = service.get("/pandium-sso", *ADA)["Location"]
    token = location.partition("tenant=")[2].partition("#")[0]
    try:
        verify(token, secret)
    except AssertionError:
        return False
    return True


@pytest.mark.requirement("R69")
def test_twenty_secrets_are_taken_under_load_and_a_broken_one_is_told_once(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    mounted(folder, secret_of(0))
    files = {"SECRETS_DIR": str(folder), "SSO_RELOAD_SECONDS": "0.5"}
    environment = {**AS_SHIPPED, **PANDIUM, **files}
    del environment["PANDIUM_SHARED_SECRET"]
    with serving(environment, tmp_path / "service") as service:
        asking = Asking(service)
        waits = []
        for number in range(1, 21):
            mounted(folder, secret_of(number))
            begun = time.monotonic()
            eventually(lambda n=number: is_signed_with(service, secret_of(n)))  # type: ignore[misc] # n is bound
            waits.append(time.monotonic() - begun)
        mounted(folder, "hush")
        eventually(lambda: "configuration_refused" in service.output)
        time.sleep(3 * SECOND)  # three more looks
        statuses = asking.stop()

        assert is_signed_with(service, secret_of(20))
        assert service.output.count("configuration_refused") == 1
        assert service.output.count("configuration_taken") == 20
    assert set(statuses) == {307}
    assert len(statuses) > 100
    print(f"{len(statuses)} requests, longest wait for a secret {max(waits):.1f} s")


class Asking:
    """One user after the other, in a thread of its own, each on a connection of its own."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._statuses: list[int] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        while not self._ending.is_set():
            self._statuses.append(self._service.get("/pandium-sso", *ADA).status)

    def stop(self) -> list[int]:
        self._ending.set()
        self._thread.join()
        return self._statuses
