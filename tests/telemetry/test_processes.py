"""What all workers count is one answer, whoever ends, and whatever the disk does."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.telemetry import metrics
from app.telemetry.processes import ProcessMetrics

DESTINATION = "of-these-tests"
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    metrics.SIGN_ONS.remove_by_labels({"destination": DESTINATION})
    metrics.SIGN_ON_SECONDS.remove_by_labels({"destination": DESTINATION})


def work(processes: ProcessMetrics, sign_ons: int, seconds: float, keys_loaded: float) -> None:
    metrics.SIGN_ONS.labels(DESTINATION, "marketplace", "signed_on", "").inc(sign_ons)
    metrics.SIGN_ON_SECONDS.labels(DESTINATION, "marketplace").observe(seconds)
    metrics.KEYS_LOADED.set(keys_loaded)
    processes.write()


def worker(
    processes: ProcessMetrics, sign_ons: int = 1, seconds: float = 0.001, keys_loaded: float = 9
) -> int:
    """Count in another process, and return its id."""
    process = FORK.Process(target=work, args=(processes, sign_ons, seconds, keys_loaded))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert process.pid is not None
    return process.pid


def samples(processes: ProcessMetrics) -> dict[str, float]:
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(processes.exposition().decode())
        for sample in family.samples
        if sample.labels.get("destination", DESTINATION) == DESTINATION
        and sample.labels.get("le") in {None, "0.005"}
    }


def test_several_processes_are_added_up(folder: Path) -> None:
    processes = ProcessMetrics(folder)
    for sign_ons, seconds in ((2, 0.002), (3, 0.004), (0, 0.25)):
        worker(processes, sign_ons, seconds)

    found = samples(processes)

    assert found["sso_sign_ons_total"] == 5
    assert found["sso_sign_on_duration_seconds_count"] == 3
    assert found["sso_sign_on_duration_seconds_bucket"] == 2
    assert found["sso_sign_on_duration_seconds_sum"] == pytest.approx(0.256)


def test_of_gauges_the_lowest_counts(folder: Path) -> None:
    processes = ProcessMetrics(folder)
    metrics.KEYS_LOADED.set(8)
    for keys_loaded in (7.0, 5.0, 6.0):
        worker(processes, keys_loaded=keys_loaded)

    assert samples(processes)["sso_key_set_loaded_timestamp_seconds"] == 5
    metrics.KEYS_LOADED.set(0)


def test_what_an_ended_worker_counted_stays_and_its_gauges_go(folder: Path) -> None:
    processes = ProcessMetrics(folder)
    metrics.KEYS_LOADED.set(8)
    pid = worker(processes, 4, keys_loaded=1)

    processes.add_up_ended(pid)
    processes.add_up_ended(pid)

    found = samples(processes)
    assert found["sso_sign_ons_total"] == 4
    assert found["sso_key_set_loaded_timestamp_seconds"] == 8
    metrics.KEYS_LOADED.set(0)


@pytest.mark.requirement("R63")
def test_the_folder_is_bounded_over_a_thousand_workers(folder: Path) -> None:
    processes = ProcessMetrics(folder)
    snapshot = folder / f"{worker(processes)}-1"
    next(folder.glob("*-*")).rename(snapshot)
    content = snapshot.read_bytes()

    sizes = []
    for number in range(1000):
        (folder / f"{number}-1").write_bytes(content)
        processes.add_up_ended(number)
        sizes.append((folder / "ended").stat().st_size)
    snapshot.unlink(missing_ok=True)

    assert [path.name for path in folder.iterdir()] == ["ended"]
    assert sizes[999] < sizes[0] + 4096
    assert samples(processes)["sso_sign_ons_total"] == 1000


@pytest.mark.requirement("R63")
@pytest.mark.parametrize("content", [b"", b"{", b"[[1]]", b"null", b"\xff"])
def test_a_damaged_snapshot_costs_its_counts_only(folder: Path, content: bytes) -> None:
    processes = ProcessMetrics(folder)
    worker(processes, 2)
    (folder / "1-1").write_bytes(content)
    (folder / "ended").write_bytes(content)

    assert samples(processes)["sso_sign_ons_total"] == 2
    processes.add_up_ended(1)
    assert samples(processes)["sso_sign_ons_total"] == 2


@pytest.mark.requirement("R63")
def test_a_folder_that_cannot_be_written_costs_metrics_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    processes = ProcessMetrics(folder / "gone")
    metrics.SIGN_ONS.labels(DESTINATION, "marketplace", "signed_on", "").inc(3)

    processes.write()
    metrics.LOG_LINES_LOST.inc()
    processes.write()

    assert samples(processes)["sso_sign_ons_total"] == 3
    assert capsys.readouterr().out.count("metrics_not_written") == 1


@pytest.mark.requirement("R63")
@pytest.mark.usefixtures("folder")
def test_without_any_folder_a_process_tells_its_own_counts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(**_: object) -> str:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("app.telemetry.folder.tempfile.mkdtemp", refused)
    metrics.SIGN_ONS.labels(DESTINATION, "marketplace", "signed_on", "").inc(3)

    processes = ProcessMetrics.in_new_folder()
    processes.write()
    processes.add_up_ended(1)
    processes.remove()

    assert samples(processes)["sso_sign_ons_total"] == 3
    assert "metrics_off" in capsys.readouterr().out


@pytest.mark.requirement("R63")
def test_the_folder_is_removed_by_the_process_that_made_it_and_by_no_other() -> None:
    processes = ProcessMetrics.in_new_folder()
    folder = processes.folder
    assert folder is not None
    process = FORK.Process(target=processes.remove)
    process.start()
    process.join()
    assert folder.is_dir()

    processes.remove()

    assert not folder.exists()


def connect(processes: ProcessMetrics, connections: int) -> None:
    metrics.CONNECTIONS.labels("open").set(connections)
    processes.write()


def test_connections_are_added_up_over_workers(folder: Path) -> None:
    processes = ProcessMetrics(folder)
    for connections in (3, 4):
        process = FORK.Process(target=connect, args=(processes, connections))
        process.start()
        process.join()

    text = processes.exposition().decode()

    assert 'sso_connections{state="open"} 7.0' in text


def test_the_first_process_tells_named_metrics_and_a_worker_its_own(folder: Path) -> None:
    processes = ProcessMetrics(folder)
    metrics.RELOAD_HELD.set(0)
    processes.write(only=metrics.OF_FIRST_PROCESS)
    metrics.RELOAD_HELD.set(1)
    pid = worker(processes, 4)

    found = samples(processes)

    assert {path.name.partition("-")[0] for path in folder.iterdir()} >= {str(pid)}
    assert len(list(folder.iterdir())) == 2
    assert found["sso_sign_ons_total"] == 4
