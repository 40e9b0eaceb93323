"""Whatever is wrong with whichever file is a problem that names it, and nothing else."""

from pathlib import Path

import pytest

from tests.broken_files import BROKEN, SECRET, Broken, sound
from tests.in_process import Load, problems


def test_the_folder_is_sound_before_it_is_broken(load: Load, tmp_path: Path) -> None:
    config = load(sound(tmp_path))

    assert [each.name for each in config.destinations] == ["pandium", "acme"]


@pytest.mark.requirement("R62", "R48", "R45")
@pytest.mark.timeout(20)  # a pipe must not be waited for
@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_broken_file_is_a_named_problem(load: Load, tmp_path: Path, broken: Broken) -> None:
    environment = sound(tmp_path)
    broken.breaks(tmp_path)

    found = problems(load, environment)

    assert any(broken.variable in variable for variable in found), found
    assert SECRET not in repr(found)
    assert "Error was raised" not in repr(found)
