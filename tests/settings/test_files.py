from pathlib import Path

import pytest

from app.settings.files import UnreadableFile, read_file, read_text


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("ä\n")

    assert read_text(file, at_most=3) == "ä\n"
    assert read_file(file, at_most=3) == "ä\n".encode()


@pytest.mark.requirement("R62")
def test_a_file_is_never_read_further_than_its_bound(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("x" * 1025)

    with pytest.raises(UnreadableFile, match="more than 1 KiB"):
        read_file(file, at_most=1024)


@pytest.mark.requirement("R62")
def test_a_file_that_fails_while_it_is_read_is_named_so() -> None:
    with pytest.raises(UnreadableFile, match="cannot be read: Input/output error"):
        read_file(Path("/proc/self/mem"))
