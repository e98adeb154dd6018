"""Make a delivery of very many files quickly: every name has the bytes of one file."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.samples.model import Delivery, SampleObject, Totals, with_manifest

_NUMBER = re.compile(r"(?<=-)\d+(?=\.csv\.gz$)|(?<=part_)\d+")


def many_files(delivery: Delivery, files: int, digits: int = 5) -> Delivery:
    """Copy the one file of `delivery`. `digits` sets the length of the number in each name."""
    [one] = delivery.data
    copies = [SampleObject(_NUMBER.sub(f"{n + 1:0{digits}}", one.name), one.path, "data") for n in range(files)]
    rest = tuple(item for item in delivery.objects if item.kind != "data")

    def name_all(manifest: dict[str, Any]) -> None:
        if delivery.provider == "aws":
            manifest["reportKeys"] = [copy.name for copy in copies]
        else:
            [blob] = manifest["blobs"]
            manifest["blobs"] = [{**blob, "blobName": copy.name} for copy in copies]
            manifest["dataRowCount"] = delivery.totals.rows * files

    named = with_manifest(replace(delivery, objects=rest), name_all)
    return replace(delivery, objects=(*copies, *named.objects), totals=_times(delivery.totals, files))


def _times(totals: Totals, files: int) -> Totals:
    by_service = {name: cost * files for name, cost in totals.by_service.items()}
    effective = None if totals.effective_cost is None else totals.effective_cost * files
    return Totals(totals.rows * files, totals.cost * files, by_service, effective)
