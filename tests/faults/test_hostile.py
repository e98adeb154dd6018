"""F7 and F14: broken and hostile manifests. Nothing is written but the record of the rejection.

On the harness and not on the scenario runner: requests, memory and time of each call are measured.
"""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import LONG
from tests.faults.invariants import check_invariants
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery
from tests.samples.model import beside
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


@pytest.mark.fault("F7", "F14")
@pytest.mark.timeout(240)
def test_hostile_manifest_writes_nothing_but_its_rejection(harness: Harness, tmp_path: Path) -> None:
    """Months of both providers are loaded. Each manifest is recorded once, within limits of memory and time."""
    good: dict[SourceSpec, Delivery] = {
        AWS: aws_cur_delivery(tmp_path, MONTH, rows=12, files=1),
        AZURE: azure_focus_delivery(tmp_path, MONTH, rows=12, files=1),
    }
    newer = {
        AWS: aws_cur_delivery(tmp_path, MONTH, rows=12, files=1, revision=2),
        AZURE: azure_focus_delivery(tmp_path, MONTH, rows=12, files=1, revision=2),
    }
    for spec, delivery in good.items():
        harness.load(spec, delivery)
        harness.deployment.deliver(spec, newer[spec], "data")
    harness.services.history.commit = recorded = _Recorded()  # type: ignore[method-assign, assignment]

    for hostile in HOSTILE if LONG else _one_of_each():
        _check_rejected(harness, hostile, newer[hostile.spec])
        assert recorded.codes == [hostile.code]
        recorded.codes.clear()

    del harness.services.history.commit
    for spec, delivery in newer.items():
        assert harness.load(spec, delivery).action == "loaded"
    check_invariants(harness, {(spec, MONTH): delivery for spec, delivery in newer.items()})


def _one_of_each() -> Iterable[Hostile]:
    """Return one manifest per provider and code. Unit tests of the manifests read all of them."""
    return {(one.spec, one.code): one for one in HOSTILE}.values()


def _check_rejected(harness: Harness, hostile: Hostile, delivery: Delivery) -> None:
    text = hostile.change(delivery.manifests[-1].path.read_bytes())
    harness.emulator.upload(harness.source(hostile.spec).bucket, manifest_name(hostile.spec, delivery), text)
    with harness.counting() as requests:
        code = _within_limits(
            lambda: harness.handle_manifest(hostile.spec, delivery).code, is_traced=len(text) > _TRACED_BYTES
        )
    assert code == hostile.code, text[:2000]
    writes = [url for method, url in requests.made if method != "GET" and "/queries" not in url]
    assert [url for url in writes if f"/b/{harness.settings.bookkeeping_bucket}/" not in url] == [], (
        "more writes than the lease"
    )


class _Recorded:
    """Replaces the commit, which takes a second and is tested elsewhere."""

    def __init__(self) -> None:
        self.codes: list[str | None] = []

    def __call__(self, *arguments: Any) -> None:
        self.codes.append(arguments[1].row.columns["code"])


def _within_limits(work: Callable[[], str | None], *, is_traced: bool) -> str | None:
    began = time.process_time()
    if is_traced:
        tracemalloc.start()
    try:
        return work()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < _MAX_MIB * 2**20
        assert time.process_time() - began < _MAX_CPU_SECONDS


@pytest.mark.fault("F7")
def test_control_character_in_a_column_name_is_rejected(harness: Harness, tmp_path: Path) -> None:
    good, newer = (aws_cur_delivery(tmp_path, MONTH, rows=12, files=1, revision=revision) for revision in (1, 2))
    harness.load(AWS, good)
    content = gzip.decompress(newer.data[0].path.read_bytes())
    changed = content.replace(b"lineItem/UsageType", b"lineItem/Usage\x07Type", 1)
    first = replace(newer.data[0], path=beside(newer.data[0].path, gzip.compress(changed)))
    objects = tuple(first if item is newer.data[0] else item for item in newer.objects)

    outcome = harness.load(AWS, replace(newer, objects=objects))

    assert (outcome.action, outcome.code) == ("rejected", "COLUMN_NAME")
    assert "Usage\\x07Type" in outcome.message
    check_invariants(harness, {(AWS, MONTH): good})
