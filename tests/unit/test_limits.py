"""Every limit: a value at the limit is accepted, and one more is rejected with its code. And the cost of the worst."""

from __future__ import annotations

import gzip
import json
import resource
import struct
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from typing import Any

import pytest

from billing.columns.csv_header import csv_header
from billing.columns.field import Field
from billing.columns.header import Header, NeedMore
from billing.columns.names import athena_name, csv_rules
from billing.columns.parquet_footer import parquet_header
from billing.columns.plan import Plan, plan_csv, plan_parquet
from billing.decisions.delivery import Delivery, StoredObject
from billing.errors import BillingError
from billing.formats import FORMATS
from billing.manifests import MAX_COLUMNS, MAX_MANIFEST, Column, Export, Manifest
from tests.unit.values import (
    GENERATION,
    MANIFESTS,
    aws,
    azure,
    error_of,
    export_of,
    golden_manifest,
    with_field,
)

CUR = csv_rules(FORMATS["aws_cur_v1_csv"])
FOLDER = "gcs-transfer/aws_cur/prefix/cur-demo/20251001-20251101/"
AWS_MANIFEST = f"{FOLDER}cur-demo-Manifest.json"
AZURE_MANIFEST = "azure/focus/focus-cost/20250901-20250930/202510051546/run/manifest.json"
MAX_KEY_BYTES = 1024 - len("gcs-transfer/aws_cur/")  # of a key below the source path
TABLE = (Field("other", "STRING", "source: other"),)


def parse_aws(path: str, value: object) -> Export:
    return export_of(aws(), golden_manifest("aws_create_new.json", AWS_MANIFEST, with_field(path, value)))


def parse_azure(path: str, value: object) -> Export:
    return export_of(azure(), golden_manifest("azure_two_parts.json", AZURE_MANIFEST, with_field(path, value)))


def parse_bytes(count: int) -> Export:
    data = golden_manifest("aws_create_new.json", AWS_MANIFEST).data.ljust(count)
    return export_of(aws(), Manifest(AWS_MANIFEST, GENERATION, data))


def parse_values(count: int) -> Export:
    others = golden_manifest("aws_create_new.json", AWS_MANIFEST, with_field("more", [0])).data
    return parse_aws("more", [0] * (count + 1 - sum(map(others.count, (b",", b"[", b"{")))))


def parse_nested(depth: int) -> Export:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return parse_aws("more", value)


def parse_keys(count: int) -> Export:
    return parse_aws("reportKeys", [f"cur/folder/cur-demo-{n}.csv.gz" for n in range(count)])


def parse_folders(count: int) -> Export:
    return parse_aws("reportKeys", [f"cur/folder {n % count}/cur-demo-{n}.csv.gz" for n in range(20)])


def parse_key(name: str) -> Export:
    return parse_aws("reportKeys", [f"cur/{name}"])


def parse_blobs(count: int) -> Export:
    blobs = [{"blobName": f"run/part_{n}_0001.snappy.parquet", "byteCount": 1} for n in range(count)]
    return parse_azure("blobs", blobs)


def parse_columns(count: int) -> Export:
    return parse_aws("columns", [{"category": "a", "name": name, "type": "String"} for name in names_of(count)])


def read_header(names: Sequence[str]) -> Header:
    text = ",".join(names) + "\n1\n"
    return csv_header(gzip.compress(text.encode(), 1), "a.csv.gz", complete=True)


def plan_for_csv(names: Sequence[str]) -> Plan:
    return plan_csv(names, [Column(name, "STRING") for name in names], CUR, {}, TABLE)


def plan_for_parquet(names: Sequence[str]) -> Plan:
    return plan_parquet([Column(name, "STRING") for name in names], TABLE)


def names_of(count: int) -> list[str]:
    return [f"c{n}" for n in range(count)]


MAX = MAX_COLUMNS
# What is limited: the function, its argument at the limit and above it, and the code of the rejection.
LIMITS: dict[str, tuple[Callable[[Any], object], Any, Any, str]] = {
    "bytes of a manifest": (parse_bytes, MAX_MANIFEST, MAX_MANIFEST + 1, "MANIFEST_TOO_LARGE"),
    "values of a manifest": (parse_values, 250_000, 250_001, "MANIFEST_TOO_LARGE"),
    "depth of a manifest": (parse_nested, 31, 32, "MANIFEST_INVALID"),
    "depth that no parser takes": (parse_nested, 31, 900, "MANIFEST_INVALID"),
    "files of a CUR": (parse_keys, 10_000, 10_001, "TOO_MANY_FILES"),
    "files of an Azure run": (parse_blobs, 10_000, 10_001, "TOO_MANY_FILES"),
    "folders of a delivery": (parse_folders, 10, 11, "MANIFEST_INVALID"),
    "bytes of a name": (parse_key, "x" * MAX_KEY_BYTES, "x" * (MAX_KEY_BYTES + 1), "PATH_OUTSIDE_PREFIX"),
    "bytes of a name beyond ASCII": (
        parse_key, "ü" * (MAX_KEY_BYTES // 2), "ü" * (MAX_KEY_BYTES // 2 + 1), "PATH_OUTSIDE_PREFIX",
    ),
    "characters of an assembly's id": (partial(parse_aws, "assemblyId"), "x" * 200, "x" * 201, "MANIFEST_INVALID"),
    "characters of a run's id": (partial(parse_azure, "runInfo.runId"), "x" * 200, "x" * 201, "MANIFEST_INVALID"),
    "columns of a manifest": (parse_columns, MAX, MAX + 1, "TOO_MANY_COLUMNS"),
    "columns of a CSV header": (read_header, names_of(MAX), names_of(MAX + 1), "TOO_MANY_COLUMNS"),
    "characters of a CSV field": (read_header, ["x" * 131_072], ["x" * 131_073], "HEADER_UNREADABLE"),
    "columns of a table from CSV": (plan_for_csv, names_of(MAX - 1), names_of(MAX), "TOO_MANY_COLUMNS"),
    "columns of a table from Parquet": (plan_for_parquet, names_of(MAX - 1), names_of(MAX), "TOO_MANY_COLUMNS"),
    "characters of a CSV column": (plan_for_csv, ["x" * 1016], ["x" * 1017], "COLUMN_NAME"),
    "characters of a Parquet column": (plan_for_parquet, ["x" * 300], ["x" * 301], "COLUMN_NAME"),
}  # fmt: skip


@pytest.mark.fault("F7")
@pytest.mark.parametrize("name", LIMITS)
def test_limit_is_accepted_and_one_more_is_rejected(name: str) -> None:
    function, at_limit, above_limit, code = LIMITS[name]

    assert function(at_limit)
    assert error_of(function, above_limit).startswith(f"{code}: ")


def test_brackets_inside_a_text_do_not_count_as_depth() -> None:
    assert parse_aws("more", "[" * 1000 + '\\"' + "{" * 1000)


def test_longest_csv_column_fits_bigquery() -> None:
    [field] = plan_for_csv(["x" * 1016]).added

    assert (len(field.name), len(field.description)) == (300, 1024)
    assert len(athena_name("x" * 300)) == 300


def footer_of(names: list[str]) -> Header:
    """Write and read a Parquet footer with these columns: parquet.apache.org/docs/file-format."""
    elements = b"".join(b"\x15\x02\x25\x00\x18" + bytes([len(name)]) + name.encode() + b"\x00" for name in names)
    count, left = bytearray(), len(names) + 1
    while left > 0x7F:
        count.append(left & 0x7F | 0x80)
        left >>= 7
    metadata = b"\x15\x02\x19\xfc" + bytes([*count, left]) + b"\x48\x01r\x00" + elements + b"\x16\x02\x00"
    data = b"PAR1" + metadata + struct.pack("<I", len(metadata)) + b"PAR1"
    return parquet_header(data, "a.parquet", size=len(data))


def test_footer_may_have_more_columns_than_a_table() -> None:
    at_limit, above_limit = footer_of(names_of(MAX_COLUMNS)), footer_of(names_of(MAX_COLUMNS + 1))

    assert len(plan_parquet(at_limit.columns, ()).added) == MAX_COLUMNS
    assert error_of(plan_parquet, above_limit.columns, ()).startswith("TOO_MANY_COLUMNS: ")


def test_csv_header_is_read_from_a_hundred_gzip_members() -> None:
    empty, row = gzip.compress(b"", mtime=0), gzip.compress(b"\n1\n", mtime=0)
    ninety_nine = gzip.compress(b"a", mtime=0) + empty * 98

    assert csv_header(ninety_nine + row, "a.csv.gz", complete=True).has_rows
    with pytest.raises(NeedMore):
        csv_header(empty + ninety_nine + row, "a.csv.gz", complete=False)


@pytest.mark.parametrize(("objects", "kept"), [(20_001, 20_000), (20_002, 0)])
def test_contents_of_at_most_20_000_files_are_recorded(objects: int, kept: int) -> None:
    """The manifest is one of the objects."""
    export = export_of(aws(), golden_manifest("aws_overwrite.json", AWS_MANIFEST))
    names = [AWS_MANIFEST, *(f"{FOLDER}{number}" for number in range(objects - 1))]
    stored = StoredObject("x", 1, "crc", 1, datetime(2025, 10, 1, tzinfo=UTC))

    contents = Delivery(export, AWS_MANIFEST, dict.fromkeys(names, stored)).contents

    assert len(contents) == kept


def test_ten_thousand_files_are_parsed_within_two_seconds() -> None:
    started = time.process_time()

    parse_keys(10_000)

    assert time.process_time() - started < 2


FILLERS = {
    "files": ("reportKeys", b'"a",'),
    "columns": ("columns", b'{"category":"","name":""},'),
    "lists": ("more", b"[],"),
}


def worst_manifest(content: str) -> bytes:
    """Return a manifest of almost the largest size that is full of one thing. No object of it is built."""
    tree = json.loads((MANIFESTS / "aws_create_new.json").read_text())
    if content == "keys":
        tail = bytearray(b',"more":{')
        for number in range(MAX_MANIFEST // 10):
            tail += b'"%x":0,' % number
        tail[-1:] = b"}}"
    else:
        field, item = FILLERS[content]
        tree.pop(field, None)
        tail = bytearray(b',"%s":[' % field.encode()) + item * ((MAX_MANIFEST - 3000) // len(item))
        tail[-1:] = b"]}"
    return json.dumps(tree).encode()[:-1] + bytes(tail)


def cost_of(content: str) -> tuple[str, int, float]:
    """Parse the worst manifest. Return the code or "accepted", the MiB of memory and the seconds of CPU."""
    data, source = worst_manifest(content), aws()
    assert MAX_MANIFEST / 2 < len(data) <= MAX_MANIFEST
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        export_of(source, Manifest(AWS_MANIFEST, GENERATION, data))
        end = "accepted"
    except BillingError as exc:
        end = exc.code
    seconds = time.process_time() - started
    return end, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10, seconds


@pytest.mark.fault("F7")
def test_worst_manifests_cost_bounded_time_and_memory() -> None:
    """A function has 512 MiB, and 110 of them are in use when it starts. Each manifest gets a new process."""
    ends = dict.fromkeys(("files", "columns", "lists", "keys"), "MANIFEST_TOO_LARGE")

    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        costs = dict(zip(ends, processes.map(cost_of, ends), strict=True))

    assert {content: end for content, (end, _, _) in costs.items()} == ends
    assert max(memory for _, memory, _ in costs.values()) < 100, costs
    assert max(seconds for _, _, seconds in costs.values()) < 5, costs
