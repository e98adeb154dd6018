"""Deliveries as AWS and Azure write them: four months in three layouts, with the rows that each holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from tests.fakes.small_files import CSV_COLUMNS, csv_file, parquet_file

StreamName = Literal["aws new", "aws over", "azure", "azure next"]
Kind = Literal["good", "late", "narrow", "alike", "corrupt", "outside", "empty", "hostile", "blank"]

PRIVATE = "private/part-1.csv.gz"  # an object in the landing bucket that belongs to no export
_EPOCH = datetime(2025, 11, 19, tzinfo=UTC)


@dataclass(frozen=True)
class Stream:
    """One month of one source. In a pointer month, one manifest names the delivery that counts."""

    key: str
    month: str
    overwrites: bool = False

    @property
    def is_pointer(self) -> bool:
        return self.key == "aws_cur"

    @property
    def period(self) -> str:
        first = self.month.replace("-", "")
        end = {"2025-09": "20251001", "2025-10": "20251101"} if self.is_pointer else {}
        return f"{first}01-{end.get(self.month) or first + ('30' if self.month == '2025-09' else '31')}"


STREAMS: Mapping[StreamName, Stream] = {
    "aws new": Stream("aws_cur", "2025-09"),
    "aws over": Stream("aws_cur", "2025-10", overwrites=True),
    "azure": Stream("azure_billing", "2025-09"),
    "azure next": Stream("azure_billing", "2025-10"),
}


@dataclass(frozen=True)
class Delivery:
    """`files` and `manifest` are names in the landing bucket."""

    stream: Stream
    number: int
    minutes: int  # after the first run, when the provider wrote it
    kind: Kind
    files: Mapping[str, bytes]
    manifest: str
    manifest_bytes: bytes
    copies: Mapping[str, bytes]  # the manifest in the assembly folder, which decides nothing
    items: tuple[str, ...]  # one per row
    is_good: bool

    @property
    def execution(self) -> str:
        return f"run-{self.number}"

    @property
    def covers_less(self) -> bool:
        return self.kind == "narrow" and not self.stream.is_pointer

    @property
    def rank(self) -> tuple[bool, int]:
        """Of two whole deliveries of a month, the one that covers more days stands, then the newer one."""
        return (not self.covers_less, self.minutes)

    @property
    def objects(self) -> dict[str, bytes]:
        """All objects, in the order in which the provider writes them."""
        return {**self.files, **self.copies, self.manifest: self.manifest_bytes}

    def __repr__(self) -> str:
        return f"<{self.execution} {self.kind} of {self.stream.key} {self.stream.month}>"


def deliver(stream: Stream, number: int, kind: Kind, before: Delivery | None) -> Delivery:
    """Return a delivery. `before` is the last one of its month: an alike delivery repeats its first file."""
    folder = _folder(stream, number)
    suffix = "csv.gz" if stream.is_pointer else "snappy.parquet"
    contents = _contents(stream, number, kind, before)
    name = f"{folder}acme-cur-{{}}.{suffix}" if stream.is_pointer else f"{folder}part_{{}}_0001.{suffix}"
    files = {name.format(index + 1): data for index, (data, _) in enumerate(contents)}
    items = sorted(item for _, items in contents for item in items)
    draft = Delivery(
        stream=stream,
        number=number,
        minutes=10 * number - (25 if kind == "late" and not stream.is_pointer else 0),
        kind=kind,
        files=files,
        manifest="",
        manifest_bytes=b"",
        copies={},
        items=tuple(items),
        is_good=kind in ("good", "late", "narrow", "alike", "blank"),
    )
    return _with_cur_manifest(draft) if stream.is_pointer else _with_azure_manifest(draft, folder)


def repaired(delivery: Delivery) -> Delivery:
    """Return a corrupt delivery with the file as it should be, under the same name."""
    files = dict(zip(delivery.files, (data for data, _ in _good(delivery.stream, delivery.number)), strict=True))
    return replace(delivery, files=files, is_good=True)


def _folder(stream: Stream, number: int) -> str:
    if not stream.is_pointer:
        return f"azure/focus-cost/{stream.period}/202511200000/run-{number}/"
    return f"aws/acme-cur/{stream.period}/" + ("" if stream.overwrites else f"run-{number}/")


def _file(stream: Stream, items: tuple[str, ...], month: str | None = None) -> tuple[bytes, tuple[str, ...]]:
    """Return a file with its rows. In the month '', they have no billing period."""
    write = csv_file if stream.is_pointer else parquet_file
    return write(stream.month if month is None else month, items), items


def _good(stream: Stream, number: int) -> list[tuple[bytes, tuple[str, ...]]]:
    """Return two files, or three with names that come again.

    Every other delivery has one row more, so that row counts tell only some of them apart.
    """
    rows = (1, 1 + number % 2, *([1] if stream.overwrites else []))
    return [
        _file(stream, tuple(f"{stream.month} run-{number} {index}.{row}" for row in range(count)))
        for index, count in enumerate(rows)
    ]


def _contents(stream: Stream, number: int, kind: Kind, before: Delivery | None) -> list[tuple[bytes, tuple[str, ...]]]:
    first, second, *rest = _good(stream, number)
    if kind == "empty":
        return [_file(stream, ()) for _ in (first, second, *rest)]
    if kind == "corrupt":
        return [first, (second[0][:20] + bytes(8) + second[0][28:], second[1]), *rest]
    if kind == "outside":
        return [first, _file(stream, second[1], "2025-08"), *rest]
    if kind == "blank":
        return [first, _file(stream, second[1], ""), *rest]
    if kind == "alike" and before is not None and before.is_good:
        kept = [item for item in before.items if item.split()[-1].startswith("0.")]
        if next(iter(before.files.values())) == _file(stream, tuple(kept))[0]:
            return [_file(stream, tuple(kept)), second, *rest]
    return [first, second, *rest]


def _with_cur_manifest(draft: Delivery) -> Delivery:
    period = f"aws/acme-cur/{draft.stream.period}/"
    keys = [name.replace("aws/", "exports/aws/", 1) for name in draft.files]
    manifest = {
        "assemblyId": draft.execution,
        "billingPeriod": {
            "start": f"{draft.stream.period[:8]}T000000.000Z",
            "end": f"{draft.stream.period[9:]}T000000.000Z",
        },
        "columns": [
            {"category": category, "name": name, "type": kind}
            for (category, name), kind in zip(
                (column.split("/") for column in CSV_COLUMNS), ("DateTime", "String", "BigDecimal"), strict=True
            )
        ],
        "compression": "GZIP",
        "contentType": "text/csv",
        "reportName": "acme-cur",
        "reportKeys": [*keys, PRIVATE] if draft.kind == "hostile" else keys,
    }
    data = json.dumps(manifest).encode()
    folder = f"{period}{draft.execution}/"
    copies = {} if draft.stream.overwrites else {f"{folder}acme-cur-Manifest.json": data}
    return replace(draft, manifest=f"{period}acme-cur-Manifest.json", manifest_bytes=data, copies=copies)


def _with_azure_manifest(draft: Delivery, folder: str) -> Delivery:
    last = "05" if draft.covers_less else draft.stream.period[-2:]
    names = [*draft.files, *([PRIVATE] if draft.kind == "hostile" else [])]
    submitted = _EPOCH + timedelta(minutes=draft.minutes)
    manifest = {
        "manifestVersion": "2024-04-01",
        "exportConfig": {"exportName": "focus-cost", "type": "FocusCost"},
        "deliveryConfig": {"fileFormat": "Parquet"},
        "runInfo": {
            "submittedTime": f"{submitted:%Y-%m-%dT%H:%M:%S}.0000000Z",
            "runId": draft.execution,
            "startDate": f"{draft.stream.month}-01T00:00:00",
            "endDate": f"{draft.stream.month}-{last}T00:00:00",
        },
        "blobs": [
            {"blobName": name.replace("azure/", "exports/azure/", 1), "byteCount": len(draft.files.get(name, b""))}
            for name in names
        ],
    }
    return replace(draft, manifest=f"{folder}manifest.json", manifest_bytes=json.dumps(manifest).encode())
