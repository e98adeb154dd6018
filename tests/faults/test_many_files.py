"""F14: a month of 10,000 files, the most that one load job takes.

On deployed functions and not on the scenario runner: the memory of the process is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from billing.manifests import MAX_FILES
from tests.emulator import Emulator
from tests.samples import Delivery, aws_columns, aws_cur_delivery, azure_focus_delivery, many_files, sink_name
from tests.samples.model import Mode
from tests.support.terraform_deployment import TerraformDeployment

MONTH = "2025-09"
_MIB_LIMIT = 256
_COST = {"aws_cur": "line_item_unblended_cost", "azure_focus": "BilledCost"}
_DIGITS = 150  # of a file's number: names as long as in a deep path, and a manifest of more than 2 MB


@pytest.fixture
def system(emulator: Emulator, tmp_path: Path) -> Iterator[TerraformDeployment]:
    with TerraformDeployment(emulator, tmp_path / "system", prefix=f"m{uuid4().hex[:10]}") as deployed:
        yield deployed.apply()


def _land(system: TerraformDeployment, source: str, delivery: Delivery) -> None:
    """Put the objects into the landing bucket. Only the manifest, which comes last, causes an event."""
    transfer, bucket = system.transfer(source), system.landing_bucket(source)
    system.emulator.events.drop(lambda event: "anifest" not in event.name, times=len(delivery.data))
    content = {item.path: item.path.read_bytes() for item in (*delivery.data, *delivery.manifests)}
    for item in (*delivery.data, delivery.manifests[-1]):
        name = sink_name(item.name, transfer.source_path, transfer.sink_path)
        system.emulator.upload(bucket, name, content[item.path])


# The columns that the table is created with. For 187, the emulator would need ten gigabytes.
_FEW_COLUMNS = {
    "identity/LineItemId", "bill/BillingPeriodStartDate", "lineItem/UsageStartDate", "lineItem/ProductCode",
    "lineItem/CurrencyCode", "lineItem/UnblendedCost",
}  # fmt: skip


def _aws(folder: Path, mode: Mode) -> Delivery:
    columns = [column for column in aws_columns(MONTH) if column.name in _FEW_COLUMNS]
    return aws_cur_delivery(folder, MONTH, rows=1, files=1, mode=mode, columns=columns)


def _azure(folder: Path, mode: Mode) -> Delivery:
    return azure_focus_delivery(folder, MONTH, rows=1, files=1, mode=mode)


@pytest.mark.fault("F14")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("source", "generate", "mode", "max_state"),
    [
        ("aws_cur", _aws, "create_new", 10_000),
        ("aws_cur", _aws, "overwrite", 400_000),
        ("azure_focus", _azure, "create_new", 10_000),
    ],
)
def test_ten_thousand_files_load_in_one_job_within_256_mib(
    system: TerraformDeployment,
    tmp_path: Path,
    source: str,
    generate: Callable[[Path, Mode], Delivery],
    mode: Mode,
    max_state: int,
) -> None:
    delivery = many_files(generate(tmp_path, mode), MAX_FILES, _DIGITS)
    function, query = system.function(f"load_{delivery.provider}"), system.emulator.bigquery.query_and_wait

    _land(system, source, delivery)
    system.emulator.events.settle(600)
    [held] = query(f"SELECT COUNT(*), SUM({_COST[source]}) FROM `{system.table(source)}`")
    [[state]] = query(f"SELECT MAX(LENGTH(state)) FROM `{system.source(source).dataset}._dlt_pipeline_state`")
    lines = [line for line in function.log_lines() if isinstance(line, dict) and line["action"] != "ignored"]
    peak = function.rss_mib()
    print(f"{source} {mode}: {peak:.0f} MiB, {lines[-1]['duration_seconds']} s, {state:,} characters of state")

    assert delivery.manifests[-1].path.stat().st_size > 2_000_000
    assert tuple(held.values()) == (MAX_FILES, delivery.totals.cost)
    assert [(line["action"], line.get("files")) for line in lines] == [("started", None), ("loaded", MAX_FILES)]
    assert peak < _MIB_LIMIT
    assert state < max_state
