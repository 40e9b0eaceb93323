import subprocess
import sys

import app.authenticators


def test_every_name_of_the_public_face_is_there_and_in_order() -> None:
    names = app.authenticators.__all__

    assert sorted(names) == names
    assert [name for name in names if not hasattr(app.authenticators, name)] == []


def test_an_author_imports_no_engine_and_no_preset() -> None:
    code = "import sys, app.authenticators; print(*sorted(m for m in sys.modules if 'app.' in m))"

    loaded = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()

    assert "app.authenticators.contract" in loaded
    unwanted = ("loading", "presets", "chain", "engine", "http_client", "jwks")
    assert [name for name in loaded if name.endswith(unwanted)] == []
