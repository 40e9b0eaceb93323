"""What counts as a change of a file or a folder, and when it is looked for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.server.watching import Pauses, Watch


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def swapped(folder: Path) -> None:
    """Change a volume as Kubernetes does: a new folder, and one link that is swapped."""
    (folder / "..new").mkdir()
    (folder / "..new" / "SECRET").write_text("new")
    (folder / "..link").symlink_to("..new")
    (folder / "..link").rename(folder / "..data")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file is written": lambda folder: (folder / "SECRET").write_text("other"),
    "a file is replaced by one of the same size": lambda folder: (folder / "SECRET").write_text(
        "abd"
    ),
    "a file is removed": lambda folder: (folder / "SECRET").unlink(),
    "a file is added": lambda folder: (folder / "MORE").write_text("x"),
    "a link is swapped": swapped,
    "a link dangles": lambda folder: (folder / "..data" / "LINKED").unlink(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "SECRET").write_text("abc")
    (tmp_path / "..old").mkdir()
    (tmp_path / "..old" / "LINKED").write_text("old")
    (tmp_path / "..data").symlink_to("..old")
    (tmp_path / "LINKED").symlink_to("..data/LINKED")
    return tmp_path


@pytest.mark.requirement("R69")
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_once_and_at_the_next_look(folder: Path, change: str) -> None:
    clock = Clock()
    watch = Watch([folder], seconds=10, clock=clock)
    CHANGES[change](folder)

    clock.seconds = 9
    assert not watch.has_changed()
    clock.seconds = 10
    assert watch.has_changed()
    clock.seconds = 20
    assert not watch.has_changed()


@pytest.mark.requirement("R69")
def test_a_file_that_comes_and_goes_is_a_change(tmp_path: Path) -> None:
    clock = Clock()
    watch = Watch([tmp_path / "rows.toml"], seconds=1, clock=clock)
    found: list[bool] = []
    for text in (None, "x", "y", None):
        clock.seconds += 1
        if text is None:
            (tmp_path / "rows.toml").unlink(missing_ok=True)
        else:
            (tmp_path / "rows.toml").write_text(text * len(found))
        found.append(watch.has_changed())

    assert found == [False, True, True, True]


def test_nothing_is_looked_at_where_it_is_switched_off(tmp_path: Path) -> None:
    clock = Clock()
    watch = Watch([tmp_path], seconds=0, clock=clock)
    (tmp_path / "x").touch()
    clock.seconds = 99

    assert not watch.has_changed()


@pytest.mark.requirement("R69")
def test_a_folder_that_may_no_longer_be_listed_is_a_change(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    clock = Clock()
    watch = Watch([folder], seconds=1, clock=clock)
    monkeypatch.setattr("app.server.watching.Path.iterdir", refused)

    clock.seconds = 1
    assert watch.has_changed()


def test_after_a_pause_others_have_time_to_come_to_themselves() -> None:
    clock = iter([0.0, 1.0, 2.0, 3602.0, 3603.0, 3606.9, 3607.0, 3611.9])
    pauses = Pauses(clock=lambda: next(clock))

    seen = [pauses.has_just_ended() for _ in range(7)]

    assert seen == [False, False, True, True, True, False, False]
