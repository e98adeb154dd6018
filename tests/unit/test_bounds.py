"""What is bounded: each bound is taken, and one more is refused by its code."""

from __future__ import annotations

import gzip
import json
import resource
import struct
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any

import pytest

from billing import manifests
from billing.columns.csv_header import csv_header
from billing.columns.field import Field
from billing.columns.header import Header, NeedMore
from billing.columns.names import athena_name, csv_rules
from billing.columns.parquet_footer import parquet_header
from billing.columns.plan import plan_csv, plan_parquet
from billing.decisions.delivery import Delivery, StoredObject
from billing.errors import BillingError
from billing.formats import FORMATS
from billing.manifests import MAX_COLUMNS, MAX_MANIFEST, Column, Export, Manifest
from tests.unit.values import GENERATION, MANIFESTS, aws, azure, golden, put

CUR = csv_rules(FORMATS["aws_cur_v1_csv"])
FOLDER = "gcs-transfer/aws_cur/prefix/cur-demo/20251001-20251101/"
AWS_MANIFEST = f"{FOLDER}cur-demo-Manifest.json"
AZURE_MANIFEST = "azure/focus/focus-cost/20250901-20250930/202510051546/run/manifest.json"
LONGEST_LANDED = 1024 - len("gcs-transfer/aws_cur/")  # bytes of a key below the source path


def taken(ask: Callable[[], Any]) -> str:
    try:
        ask()
    except BillingError as exc:
        return exc.code
    return "taken"


def cur(path: str, value: object) -> Callable[[], Any]:
    manifest = golden("aws_create_new.json", AWS_MANIFEST, put(path, value))
    return lambda: manifests.parse(aws(), manifest)


def focus(path: str, value: object) -> Callable[[], Any]:
    manifest = golden("azure_two_parts.json", AZURE_MANIFEST, put(path, value))
    return lambda: manifests.parse(azure(), manifest)


def keys(number: int, folders: int = 1) -> list[str]:
    return [f"cur/folder {n % folders}/cur-demo-{n}.csv.gz" for n in range(number)]


def blobs(number: int) -> list[dict[str, object]]:
    return [{"blobName": f"run/part_{n}_0001.snappy.parquet", "byteCount": 1} for n in range(number)]


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def sized(size: int) -> Callable[[], Any]:
    data = golden("aws_create_new.json", AWS_MANIFEST).data.ljust(size)
    return lambda: manifests.parse(aws(), Manifest(AWS_MANIFEST, GENERATION, data))


def columns(number: int) -> list[dict[str, str]]:
    return [{"category": "a", "name": f"c{n}", "type": "String"} for n in range(number)]


def header(names: Sequence[str]) -> Callable[[], Any]:
    text = gzip.compress((",".join(names) + "\n" + "1\n").encode(), 1)
    return lambda: csv_header(text, "a.csv.gz", complete=True)


def plan(names: Sequence[str], table: Sequence[Field] = ()) -> Callable[[], Any]:
    return lambda: plan_csv(names, [Column(name, "STRING") for name in names], CUR, {}, table)


def plan_of_parquet(names: Sequence[str], table: Sequence[Field] = ()) -> Callable[[], Any]:
    return lambda: plan_parquet([Column(name, "STRING") for name in names], table)


def numbered(number: int) -> list[str]:
    return [f"c{n}" for n in range(number)]


OTHER = (Field("other", "STRING", "source: other"),)
BOUNDS = {
    "bytes of a manifest": (sized(MAX_MANIFEST), sized(MAX_MANIFEST + 1), "MANIFEST_TOO_LARGE"),
    "depth of a manifest": (cur("more", nested(31)), cur("more", nested(32)), "MANIFEST_INVALID"),
    "depth that no parser takes": (cur("more", nested(31)), cur("more", nested(900)), "MANIFEST_INVALID"),
    "files of a CUR": (cur("reportKeys", keys(10_000)), cur("reportKeys", keys(10_001)), "TOO_MANY_FILES"),
    "files of an Azure run": (focus("blobs", blobs(10_000)), focus("blobs", blobs(10_001)), "TOO_MANY_FILES"),
    "folders of a delivery": (cur("reportKeys", keys(20, 10)), cur("reportKeys", keys(20, 11)), "MANIFEST_INVALID"),
    "bytes of an object's name": (
        cur("reportKeys", [f"cur/{'x' * LONGEST_LANDED}"]),
        cur("reportKeys", [f"cur/{'x' * (LONGEST_LANDED + 1)}"]),
        "PATH_OUTSIDE_PREFIX",
    ),
    "bytes of an object's name beyond ASCII": (
        cur("reportKeys", [f"cur/{'ü' * (LONGEST_LANDED // 2)}"]),
        cur("reportKeys", [f"cur/{'ü' * (LONGEST_LANDED // 2 + 1)}"]),
        "PATH_OUTSIDE_PREFIX",
    ),
    "characters of an assembly's id": (cur("assemblyId", "x" * 200), cur("assemblyId", "x" * 201), "MANIFEST_INVALID"),
    "characters of a run's id": (
        focus("runInfo.runId", "x" * 200),
        focus("runInfo.runId", "x" * 201),
        "MANIFEST_INVALID",
    ),
    "columns of a manifest": (
        cur("columns", columns(MAX_COLUMNS)),
        cur("columns", columns(MAX_COLUMNS + 1)),
        "TOO_MANY_COLUMNS",
    ),
    "columns of a CSV header": (
        header(numbered(MAX_COLUMNS)),
        header(numbered(MAX_COLUMNS + 1)),
        "TOO_MANY_COLUMNS",
    ),
    "characters of a CSV field": (header(["x" * 131_072]), header(["x" * 131_073]), "HEADER_UNREADABLE"),
    "columns of a table loaded from CSV": (
        plan(numbered(MAX_COLUMNS - 1), OTHER),
        plan(numbered(MAX_COLUMNS), OTHER),
        "TOO_MANY_COLUMNS",
    ),
    "columns of a table loaded from Parquet": (
        plan_of_parquet(numbered(MAX_COLUMNS - 1), OTHER),
        plan_of_parquet(numbered(MAX_COLUMNS), OTHER),
        "TOO_MANY_COLUMNS",
    ),
    "characters of a CSV column's name": (plan(["x" * 1016]), plan(["x" * 1017]), "COLUMN_NAME"),
    "characters of a Parquet column's name": (
        plan_of_parquet(["x" * 300]),
        plan_of_parquet(["x" * 301]),
        "COLUMN_NAME",
    ),
}


@pytest.mark.fault("F7")
@pytest.mark.parametrize("what", BOUNDS)
def test_a_bound_is_taken_and_one_more_is_refused_by_its_code(what: str) -> None:
    at, above, code = BOUNDS[what]
    assert (taken(at), taken(above)) == ("taken", code)


def test_a_bound_counts_brackets_outside_of_texts_only() -> None:
    assert taken(cur("more", "[" * 1000 + '\\"' + "{" * 1000)) == "taken"


def test_the_longest_name_of_a_csv_column_makes_a_column_that_bigquery_takes() -> None:
    [field] = plan_csv(["x" * 1016], [Column("x" * 1016, "STRING")], CUR, {}, ()).added
    assert (len(field.name), len(field.description)) == (300, 1024)
    assert len(athena_name("x" * 300)) == 300


def test_a_footer_of_ten_thousand_columns_is_read_and_one_more_is_refused_by_the_plan() -> None:
    def footer(number: int) -> Header:
        elements = b"".join(b"\x15\x02\x25\x00\x18" + bytes([len(n)]) + n.encode() + b"\x00" for n in numbered(number))
        count, left = bytearray(), number + 1
        while left > 0x7F:
            count.append(left & 0x7F | 0x80)
            left >>= 7
        metadata = b"\x15\x02\x19\xfc" + bytes([*count, left]) + b"\x48\x01r\x00" + elements + b"\x16\x02\x00"
        data = b"PAR1" + metadata + struct.pack("<I", len(metadata)) + b"PAR1"
        return parquet_header(data, "a.parquet", size=len(data))

    assert len(plan_parquet(footer(MAX_COLUMNS).columns, ()).added) == MAX_COLUMNS
    assert taken(lambda: plan_parquet(footer(MAX_COLUMNS + 1).columns, ())) == "TOO_MANY_COLUMNS"


def test_a_gzip_file_is_followed_through_a_hundred_members() -> None:
    head = gzip.compress(b"a", mtime=0) + gzip.compress(b"", mtime=0) * 98
    assert csv_header(head + gzip.compress(b"\n1\n", mtime=0), "a.csv.gz", complete=True).has_rows
    with pytest.raises(NeedMore):
        csv_header(gzip.compress(b"", mtime=0) + head + gzip.compress(b"\n1\n", mtime=0), "a.csv.gz", complete=False)


WORST = {
    "files": ("reportKeys", b'"a",'),
    "columns": ("columns", b'{"category":"","name":""},'),
    "lists": ("more", b"[],"),
}


def worst(what: str) -> bytes:
    """A manifest of the largest size that is full of one thing; built without holding its objects."""
    tree = json.loads((MANIFESTS / "aws_create_new.json").read_text())
    if what == "keys":
        tail = bytearray(b',"more":{')
        for number in range(MAX_MANIFEST // 10):
            tail += b'"%x":0,' % number
        tail[-1:] = b"}}"
    else:
        field, item = WORST[what]
        tree.pop(field, None)
        tail = bytearray(b',"%s":[' % field.encode()) + item * ((MAX_MANIFEST - 3000) // len(item))
        tail[-1:] = b"]}"
    return json.dumps(tree).encode()[:-1] + bytes(tail)


def cost(what: str) -> tuple[str, int, float]:
    """In a process of its own: how a parser ends, the MiB that it took, its seconds of CPU."""
    data, source = worst(what), aws()
    assert MAX_MANIFEST / 2 < len(data) <= MAX_MANIFEST
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    end = taken(lambda: manifests.parse(source, Manifest(AWS_MANIFEST, GENERATION, data)))
    seconds = time.process_time() - began
    return end, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10, seconds


@pytest.mark.fault("F7")
def test_the_worst_manifest_of_the_largest_size_costs_bounded_time_and_memory() -> None:
    """A function has 512 MiB, of which 110 are taken when it begins."""
    kinds = [*WORST, "keys"]
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        costs = dict(zip(kinds, processes.map(cost, kinds), strict=True))
    assert {what: end for what, (end, _, _) in costs.items()} == {
        **dict.fromkeys(kinds, "taken"),
        "files": "TOO_MANY_FILES",
        "columns": "TOO_MANY_COLUMNS",
    }
    assert max(memory for _, memory, _ in costs.values()) < 200, costs
    assert max(seconds for _, _, seconds in costs.values()) < 8, costs


@pytest.mark.parametrize(("objects", "kept"), [(20_001, 20_000), (20_002, 0)])
def test_a_head_keeps_the_contents_of_at_most_twenty_thousand_files(objects: int, kept: int) -> None:
    """With a manifest among them; of more, none: stillness alone tells that such a delivery is whole."""
    export = manifests.parse(aws(), golden("aws_overwrite.json", AWS_MANIFEST))
    assert isinstance(export, Export)
    names = [AWS_MANIFEST, *(f"{FOLDER}{number}" for number in range(objects - 1))]
    stored = StoredObject("x", 1, "crc", 1, datetime(2025, 10, 1, tzinfo=UTC))
    assert len(Delivery(export, AWS_MANIFEST, dict.fromkeys(names, stored)).contents) == kept


def test_ten_thousand_files_are_read_at_once() -> None:
    began = time.process_time()
    export = cur("reportKeys", keys(10_000))()
    assert isinstance(export, Export)
    assert time.process_time() - began < 2
