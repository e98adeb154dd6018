"""`make conform` as a process, with the emulator as if it were Google Cloud.

A full run is part of it with CONFORM=full. Without it, a few tests of each kind of fixture run.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from google.cloud import bigquery

from tests.conform import project
from tests.conform.__main__ import main
from tests.conform.cost import FULL_RUN
from tests.conform.project import LABEL, PREFIX
from tests.emulator import Emulator, storage_server
from tests.support.paths import FUNCTIONS, ROOT

ONE_OF_EACH_FIXTURE = (
    "test_object_is_created_once or test_names_are_kept or test_failed_load_adds_no_column or test_missing_table_is_not"
    " or test_unknown_date_format"  # it is for the emulator only, and must not run
)
MANY = "test_result_is_that_of_googles_evaluator"


@contextmanager
def conform(emulator: Emulator, *options: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, **emulator.environment(), "PYTHONPATH": str(FUNCTIONS), "PYTHONUNBUFFERED": "1"}
    argv = [sys.executable, "-m", "tests.conform", emulator.project, emulator.location, *options]
    with subprocess.Popen(
        argv, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def held(emulator: Emulator) -> list[str]:
    buckets = [bucket.name for bucket in emulator.storage.list_buckets()]
    datasets = [one.dataset_id for one in emulator.bigquery.list_datasets()]
    return [name for name in buckets + datasets if name.replace("_", "-").startswith(PREFIX)]


@pytest.fixture
def environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    return emulator


@pytest.mark.timeout(900)
@pytest.mark.skipif(os.environ.get("CONFORM") != "full", reason="CONFORM=full runs all contract tests once more")
def test_full_run_agrees(emulator: Emulator) -> None:
    with conform(emulator) as process:
        printed, _ = process.communicate(timeout=900)

    counted = re.search(r"This run cost .* \((\d+) queries .*, (\d+) writes and (\d+) reads .*, (\d+) MiB up", printed)
    assert process.returncode == 0, printed
    assert ", 0 differs, 0 refused." in printed
    assert counted
    highest = (FULL_RUN.queries, FULL_RUN.writes, FULL_RUN.reads, FULL_RUN.uploaded // 1024**2)
    assert all(most / 2 < int(found) < most for found, most in zip(counted.groups(), highest, strict=True))
    assert held(emulator) == []


def test_broken_rule_differs_and_the_others_agree(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = storage_server._Upstream.ask

    def careless(self: storage_server._Upstream, method: str, path: str, *more: object) -> object:
        return ask(self, method, path.replace("ifGenerationMatch=0", "alt=json"), *more)  # type: ignore[arg-type]

    monkeypatch.setattr(storage_server._Upstream, "ask", careless)
    with conform(emulator, "-k", ONE_OF_EACH_FIXTURE) as process:
        printed, _ = process.communicate(timeout=120)

    assert process.returncode == 1, printed
    assert "  differs  generations: the requested one or none, `ifGenerationMatch` on every method" in printed
    assert "  differs  test_object_is_created_once[google]: DID NOT RAISE" in printed
    assert "  agrees   listings: order, pages of 1,000" in printed
    assert "  agrees   `ALLOW_FIELD_ADDITION` adds columns" in printed
    assert "Only on the emulator and the fakes" in printed
    assert "  the emulator refuses options that Google knows:" in printed
    assert "3 agrees, 1 differs, 0 refused. This run cost at most 0.0" in printed
    assert held(emulator) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_nothing(emulator: Emulator, number: signal.Signals) -> None:
    with conform(emulator, "-k", MANY) as process:
        assert process.stdout
        while process.stdout.read(1) != "\n" or process.stdout.read(1) != ".":  # pytest's mark of the first test
            assert process.poll() is None
        while len(made := held(emulator)) < 2:
            assert process.poll() is None
        process.send_signal(number)
        printed, _ = process.communicate(timeout=60)

    assert process.returncode == 128 + number, printed
    assert "Interrupted. The run left nothing." in printed
    assert {name[: len(PREFIX)] for name in made} == {PREFIX, PREFIX.replace("-", "_")}
    assert held(emulator) == []


def test_prefix_in_the_project_is_refused_until_it_is_deleted(
    environment: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud, where = environment, [environment.project, environment.location]
    dataset = bigquery.Dataset(f"{cloud.project}.billing_conform_old_1")
    dataset.location, dataset.labels = cloud.location, LABEL
    cloud.bigquery.create_dataset(dataset)
    cloud.create_bucket("billing-conform-mine")

    refused, sentence = main([*where, "-k", "no_such_test"]), capsys.readouterr().err
    cleaned, deleted = main([*where, "--clean"]), capsys.readouterr().out
    cloud.storage.bucket("billing-conform-mine").delete()

    assert (refused, cleaned) == (2, 2)
    assert "already holds names with our prefix billing-conform-: bucket billing-conform-mine, dataset" in sentence
    assert f"`make conform-clean PROJECT={cloud.project} LOCATION={cloud.location}`" in sentence
    assert "`gcloud storage rm --recursive gs://billing-conform-mine`" in sentence
    assert deleted.splitlines()[0] == "deleted dataset billing_conform_old_1"
    assert "but not our label. If you do not need them: gcloud storage rm" in deleted
    assert main([*where, "--clean"]) == 0
    assert held(cloud) == []


def test_run_without_credentials_says_how_to_log_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")

    code = main(["my-project", "europe-west1"])

    assert code == 3
    assert "credentials are missing: run `gcloud auth application-default login`." in capsys.readouterr().err


def test_project_that_does_not_answer_ends_soon(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(project, "FIRST_ANSWER_SECONDS", 0.1)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")

    code = main([environment.project, environment.location])

    assert code == 3
    assert "Google Cloud does not answer: check the network, and STORAGE_EMULATOR_HOST" in capsys.readouterr().err
