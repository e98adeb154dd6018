"""F7 and F14: broken and hostile manifests. Nothing is written but the record of the rejection.

On the harness and not on the scenario runner: requests, memory and time of each call are measured.
"""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.faults.conftest import GENERATORS, LONG, with_file
from tests.faults.invariants import check_invariants
from tests.samples import Delivery, aws_cur_delivery
from tests.support.harness import Harness, manifest_name
from tests.support.sources import AWS, AZURE, SourceSpec

MONTH = "2025-09"
_MAX_MIB, _MAX_CPU_SECONDS = 100, 10
_TRACED_BYTES = 100_000  # tracing memory slows Python down, so only larger manifests are traced
Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Hostile:
    spec: SourceSpec
    code: str
    change: Callable[[bytes], bytes]


def _edit_json(change: Change) -> Callable[[bytes], bytes]:
    def changed(text: bytes) -> bytes:
        tree = json.loads(text)
        change(tree)
        return json.dumps(tree).encode()

    return changed


def _edit_first_key(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return _edit_json(lambda tree: tree["reportKeys"].__setitem__(0, change(tree["reportKeys"][0])))


def _edit_first_blob(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return _edit_json(lambda tree: tree["blobs"][0].update(blobName=change(tree["blobs"][0]["blobName"])))


# changes of a file's name in the manifest: each name then leads outside the prefix
NAMES: Mapping[str, Callable[[str], str]] = {
    "up": lambda name: f"{name}/../../../other/x.csv.gz",
    "up at the start": lambda name: f"../{name}",
    "absolute": lambda name: f"https://storage.googleapis.com/other-bucket/{name}",
    "foreign bucket": lambda _: "gs://other-bucket/x-1.csv.gz",
    "foreign folder": lambda _: "somewhere/else/x-1.csv.gz",
    "encoded dots": lambda name: name.replace("/", "/%2e%2e/", 1),
    "encoded slash": lambda name: name.replace("/", "%2F", 1),
    "wildcard": lambda name: name.replace("-1.csv", "-*.csv").replace("part_0", "part_*"),
    "newline": lambda name: name + "\ngs://other-bucket/x.csv.gz",
    "no name": lambda _: "",
}
_TOO_MANY_KEYS = [f"exports/aws/acme-cur/20250901-20251001/x/acme-cur-{number}.csv.gz" for number in range(10_001)]
HOSTILE: tuple[Hostile, ...] = (
    *(Hostile(AWS, "PATH_OUTSIDE_PREFIX", _edit_first_key(change)) for change in NAMES.values()),
    *(Hostile(AZURE, "PATH_OUTSIDE_PREFIX", _edit_first_blob(change)) for change in NAMES.values()),
    Hostile(AWS, "MANIFEST_NOT_JSON", lambda text: text[: len(text) // 2]),
    Hostile(AZURE, "MANIFEST_NOT_JSON", lambda text: text[:-2]),
    Hostile(AWS, "MANIFEST_INVALID", lambda text: text.replace(b'"assemblyId"', b'"assemblyId": "a", "assemblyId"', 1)),
    Hostile(AZURE, "MANIFEST_INVALID", lambda text: text.replace(b'"blobs"', b'"blobs": [], "blobs"', 1)),
    Hostile(AZURE, "MANIFEST_NOT_JSON", lambda text: text.replace(b'"byteCount": ', b'"byteCount": NaN, "x": ')),
    Hostile(AWS, "TOO_MANY_FILES", _edit_json(lambda tree: tree.update(reportKeys=_TOO_MANY_KEYS))),
    Hostile(AWS, "COMPRESSION_UNSUPPORTED", _edit_json(lambda tree: tree.update(compression="ZIP"))),
    Hostile(
        AWS,
        "FUTURE_MONTH",
        _edit_json(lambda tree: tree["billingPeriod"].update(start="20900101T000000.000Z", end="20900201T000000.000Z")),
    ),
    Hostile(
        AZURE,
        "FUTURE_MONTH",
        _edit_json(lambda tree: tree["runInfo"].update(startDate="2090-01-01T00:00:00", endDate="2090-01-31T00:00:00")),
    ),
    Hostile(AZURE, "FUTURE_RUN", _edit_json(lambda tree: tree["runInfo"].update(submittedTime="2090-01-01T00:00:00Z"))),
    Hostile(AWS, "SPANS_MONTHS", _edit_json(lambda tree: tree["billingPeriod"].update(start="20250801T000000.000Z"))),
    Hostile(AWS, "MANIFEST_TOO_LARGE", lambda text: text[:-1] + b" " * 50_000_000 + b"}"),
    Hostile(
        AWS,
        "MANIFEST_TOO_LARGE",
        lambda text: text.replace(
            b'"reportKeys": [', b'"reportKeys": [' + b'"exports/aws/acme-cur/a-1.csv.gz",' * 10**6, 1
        ),
    ),
)
# one per provider and code: unit tests of the manifests read all of them
CASES = HOSTILE if LONG else tuple({(one.spec, one.code): one for one in HOSTILE}.values())


@dataclass(frozen=True)
class Handled:
    """How an event of a hostile manifest ended, and what it cost."""

    code: str | None
    recorded: list[str]
    writes: list[str]  # without those of the lease
    mib: float
    cpu_seconds: float


@pytest.mark.fault("F7", "F14")
@pytest.mark.timeout(240)
def test_hostile_manifest_writes_nothing_but_its_rejection(harness: Harness, tmp_path: Path) -> None:
    """Months of both providers are loaded. Each manifest is recorded once, within limits of memory and time."""
    good, newer = (
        {spec: generate(tmp_path, MONTH, rows=12, files=1, revision=number) for spec, generate in GENERATORS.items()}
        for number in (1, 2)
    )
    for spec, delivery in good.items():
        harness.load(spec, delivery)
        harness.deployment.deliver(spec, newer[spec], "data")

    handled = [_handle(harness, hostile, newer[hostile.spec]) for hostile in CASES]
    next_runs = [harness.load(spec, delivery) for spec, delivery in newer.items()]

    assert [(one.code, one.recorded) for one in handled] == [(hostile.code, [hostile.code]) for hostile in CASES]
    assert [one.writes for one in handled if one.writes] == []
    assert max(one.mib for one in handled) < _MAX_MIB
    assert max(one.cpu_seconds for one in handled) < _MAX_CPU_SECONDS
    assert [outcome.action for outcome in next_runs] == ["loaded", "loaded"]
    check_invariants(harness, {(spec, MONTH): delivery for spec, delivery in newer.items()})


def _handle(harness: Harness, hostile: Hostile, delivery: Delivery) -> Handled:
    """Handle the event of the manifest. The commit takes a second and is tested elsewhere, so it is replaced."""
    text = hostile.change(delivery.manifests[-1].path.read_bytes())
    harness.emulator.upload(harness.source(hostile.spec).bucket, manifest_name(hostile.spec, delivery), text)
    recorded: list[str] = []

    def commit(*arguments: Any) -> None:
        recorded.append(arguments[1].row.columns["code"])

    with patch.object(harness.services.history, "commit", commit), harness.counting() as requests:
        began = time.process_time()
        if len(text) > _TRACED_BYTES:
            tracemalloc.start()
        code = harness.handle_manifest(hostile.spec, delivery).code
        mib, cpu_seconds = tracemalloc.get_traced_memory()[1] / 2**20, time.process_time() - began
        tracemalloc.stop()
    lease = f"/b/{harness.settings.bookkeeping_bucket}/"
    writes = [url for method, url in requests.made if method != "GET" and "/queries" not in url and lease not in url]
    return Handled(code, recorded, writes, mib, cpu_seconds)


@pytest.mark.fault("F7")
def test_control_character_in_a_column_name_is_rejected(harness: Harness, tmp_path: Path) -> None:
    good, newer = (aws_cur_delivery(tmp_path, MONTH, rows=12, files=1, revision=number) for number in (1, 2))
    content = gzip.decompress(newer.data[0].path.read_bytes())
    changed = content.replace(b"lineItem/UsageType", b"lineItem/Usage\x07Type", 1)
    harness.load(AWS, good)

    outcome = harness.load(AWS, with_file(newer, 0, gzip.compress(changed)))

    assert (outcome.action, outcome.code) == ("rejected", "COLUMN_NAME")
    assert "Usage\\x07Type" in outcome.message
    check_invariants(harness, {(AWS, MONTH): good})
