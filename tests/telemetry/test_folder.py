"""What a killed server has left is removed by the next; what is anybody else's is not."""

import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.telemetry.folder import make_folder

FORK = multiprocessing.get_context("fork")


def left(parent: Path) -> Path:
    """Return a folder whose server is dead, with something in it."""
    before = set(parent.iterdir())
    process = FORK.Process(target=make_folder, args=(parent,))
    process.start()
    process.join()
    (folder,) = set(parent.iterdir()) - before
    (folder / "123-456").write_text("[]")
    return folder


@contextmanager
def in_use(parent: Path) -> Iterator[Path]:
    """A folder of a server that lives, for the length of a block."""
    theirs, ours = FORK.Pipe()

    def hold() -> None:
        theirs.send(make_folder(parent))
        theirs.recv()

    process = FORK.Process(target=hold)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join()


@pytest.mark.requirement("R63")
def test_a_folder_of_a_dead_server_is_removed(tmp_path: Path) -> None:
    dead = left(tmp_path)

    new = make_folder(tmp_path)

    assert not dead.exists()
    assert list(tmp_path.iterdir()) == [new]
    assert new.stat().st_mode & 0o777 == 0o700


@pytest.mark.requirement("R63")
def test_a_folder_in_use_stays(tmp_path: Path) -> None:
    with in_use(tmp_path) as folder:
        make_folder(tmp_path)

        assert folder.is_dir()


@pytest.mark.requirement("R63")
def test_a_folder_stays_while_a_worker_of_its_killed_server_lives(tmp_path: Path) -> None:
    reading, writing = os.pipe()

    def server() -> None:
        make_folder(tmp_path)
        if os.fork() == 0:  # a worker, which ends when the test closes its pipe
            os.close(writing)
            os.read(reading, 1)
        os._exit(0)

    process = FORK.Process(target=server)
    process.start()
    process.join()
    (folder,) = tmp_path.iterdir()

    make_folder(tmp_path)
    os.close(writing)
    os.close(reading)

    assert folder.is_dir()


def as_another_user(folder: Path) -> None:
    os.chown(folder, 10001, 10001)


def as_a_link(folder: Path) -> None:
    folder.rename(folder.parent / "theirs")
    folder.symlink_to("theirs")


def as_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("theirs")


def with_another_name(folder: Path) -> None:
    folder.rename(folder.parent / "marketplace-sso-abcdefgh")


@pytest.mark.requirement("R63")
@pytest.mark.parametrize("change", [as_another_user, as_a_link, as_a_file, with_another_name])
def test_nothing_else_is_removed(tmp_path: Path, change: Callable[[Path], None]) -> None:
    if os.geteuid() and change is as_another_user:
        pytest.skip("only root gives a folder away")  # .ci/run is root
    change(left(tmp_path))
    before = {path: path.lstat().st_ino for path in tmp_path.rglob("*")}

    new = make_folder(tmp_path)

    assert {path: path.lstat().st_ino for path in tmp_path.rglob("*") if path != new} == before


@pytest.mark.requirement("R63")
def test_where_nothing_can_be_locked_a_folder_is_made_and_none_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    dead = left(tmp_path)
    monkeypatch.setattr("app.telemetry.folder.fcntl.flock", refused)

    new = make_folder(tmp_path)

    assert set(tmp_path.iterdir()) == {dead, new}
