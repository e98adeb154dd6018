"""F7 and F14: manifests that are broken, or mean harm. Refused before anything is written but the booking."""

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
_MIB, _CPU_SECONDS = 100, 10
_LARGE = 100_000  # bytes of a manifest; 10^6 keys are 60 MB, of which 8 MiB are read
Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Hostile:
    spec: SourceSpec
    code: str
    change: Callable[[bytes], bytes]


def _tree(change: Change) -> Callable[[bytes], bytes]:
    def changed(text: bytes) -> bytes:
        tree = json.loads(text)
        change(tree)
        return json.dumps(tree).encode()

    return changed


def _key(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return _tree(lambda tree: tree["reportKeys"].__setitem__(0, change(tree["reportKeys"][0])))


def _blob(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return _tree(lambda tree: tree["blobs"][0].update(blobName=change(tree["blobs"][0]["blobName"])))


def _names(change: Callable[[str], str]) -> Mapping[SourceSpec, Callable[[bytes], bytes]]:
    return {AWS: _key(change), AZURE: _blob(change)}


# what stands in a file's name, for both providers; each must lead nowhere
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
_STRETCHED = [f"exports/aws/acme-cur/20250901-20251001/x/acme-cur-{number}.csv.gz" for number in range(10_001)]
TREES: tuple[Hostile, ...] = (
    *(Hostile(spec, "PATH_OUTSIDE_PREFIX", change) for name in NAMES.values() for spec, change in _names(name).items()),
    Hostile(AWS, "MANIFEST_NOT_JSON", lambda text: text[: len(text) // 2]),
    Hostile(AZURE, "MANIFEST_NOT_JSON", lambda text: text[:-2]),
    Hostile(AWS, "MANIFEST_INVALID", lambda text: text.replace(b'"assemblyId"', b'"assemblyId": "a", "assemblyId"', 1)),
    Hostile(AZURE, "MANIFEST_INVALID", lambda text: text.replace(b'"blobs"', b'"blobs": [], "blobs"', 1)),
    Hostile(AZURE, "MANIFEST_NOT_JSON", lambda text: text.replace(b'"byteCount": ', b'"byteCount": NaN, "x": ')),
    Hostile(AWS, "TOO_MANY_FILES", _tree(lambda tree: tree.update(reportKeys=_STRETCHED))),
    Hostile(AWS, "COMPRESSION_UNSUPPORTED", _tree(lambda tree: tree.update(compression="ZIP"))),
    Hostile(
        AWS,
        "FUTURE_MONTH",
        _tree(lambda tree: tree["billingPeriod"].update(start="20900101T000000.000Z", end="20900201T000000.000Z")),
    ),
    Hostile(
        AZURE,
        "FUTURE_MONTH",
        _tree(lambda tree: tree["runInfo"].update(startDate="2090-01-01T00:00:00", endDate="2090-01-31T00:00:00")),
    ),
    Hostile(AZURE, "FUTURE_RUN", _tree(lambda tree: tree["runInfo"].update(submittedTime="2090-01-01T00:00:00Z"))),
    Hostile(AWS, "SPANS_MONTHS", _tree(lambda tree: tree["billingPeriod"].update(start="20250801T000000.000Z"))),
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
def test_whatever_a_manifest_says_nothing_is_written_but_its_refusal(harness: Harness, tmp_path: Path) -> None:
    """Over loaded months of both providers; one booking each, in bounded memory and time, and no load job."""
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
    harness.services.history.commit = booked = _Booked()  # type: ignore[method-assign, assignment]

    for hostile in TREES if LONG else _one_of_each():
        _is_refused(harness, hostile, newer[hostile.spec])
        assert booked.codes == [hostile.code]
        booked.codes.clear()

    del harness.services.history.commit
    for spec, delivery in newer.items():
        assert harness.load(spec, delivery).action == "loaded"
    check_invariants(harness, {(spec, MONTH): delivery for spec, delivery in newer.items()})


def _one_of_each() -> Iterable[Hostile]:
    """By provider and code; the unit tests of the manifests read all of them."""
    return {(one.spec, one.code): one for one in TREES}.values()


def _is_refused(harness: Harness, hostile: Hostile, delivery: Delivery) -> None:
    text = hostile.change(delivery.manifests[-1].path.read_bytes())
    harness.emulator.upload(harness.source(hostile.spec).bucket, manifest_name(hostile.spec, delivery), text)
    with harness.counting() as requests:
        code = _bounded(lambda: harness.handle_manifest(hostile.spec, delivery).code, traced=len(text) > _LARGE)
    assert code == hostile.code, text[:2000]
    writes = [url for method, url in requests.made if method != "GET" and "/queries" not in url]
    assert [url for url in writes if f"/b/{harness.settings.bookkeeping_bucket}/" not in url] == [], (
        "more than the lease"
    )


class _Booked:
    """In place of a commit, which takes a second and is not what is tested here."""

    def __init__(self) -> None:
        self.codes: list[str | None] = []

    def __call__(self, *arguments: Any) -> None:
        self.codes.append(arguments[3].code)


def _bounded(work: Callable[[], str | None], *, traced: bool) -> str | None:
    """To trace memory slows Python down: only where there is something to hold."""
    began = time.process_time()
    if traced:
        tracemalloc.start()
    try:
        return work()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < _MIB * 2**20
        assert time.process_time() - began < _CPU_SECONDS


@pytest.mark.fault("F7")
def test_a_control_character_in_a_column_s_name_is_refused_by_name(harness: Harness, tmp_path: Path) -> None:
    good, newer = (aws_cur_delivery(tmp_path, MONTH, rows=12, files=1, revision=revision) for revision in (1, 2))
    harness.load(AWS, good)
    content = gzip.decompress(newer.data[0].path.read_bytes())
    odd = content.replace(b"lineItem/UsageType", b"lineItem/Usage\x07Type", 1)
    first = replace(newer.data[0], path=beside(newer.data[0].path, gzip.compress(odd)))
    objects = tuple(first if item is newer.data[0] else item for item in newer.objects)

    outcome = harness.load(AWS, replace(newer, objects=objects))

    assert (outcome.action, outcome.code) == ("rejected", "COLUMN_NAME")
    assert "Usage\\x07Type" in outcome.message
    check_invariants(harness, {(AWS, MONTH): good})
