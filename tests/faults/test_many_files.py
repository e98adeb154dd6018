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
from tests.samples import Column, Delivery, aws_columns, aws_cur_delivery, azure_focus_delivery, many_files, sink_name
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


def _few_columns() -> list[Column]:
    """Return the columns that the table is created with. For 187, the emulator would need ten gigabytes."""
    wanted = {
        "identity/LineItemId", "bill/BillingPeriodStartDate", "lineItem/UsageStartDate", "lineItem/ProductCode",
        "lineItem/CurrencyCode", "lineItem/UnblendedCost",
    }  # fmt: skip
    return [column for column in aws_columns(MONTH) if column.name in wanted]


@pytest.mark.fault("F14")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("source", "entry_point", "generate", "mode"),
    [
        ("aws_cur", "load_aws", aws_cur_delivery, "create_new"),
        ("aws_cur", "load_aws", aws_cur_delivery, "overwrite"),
        ("azure_focus", "load_azure", azure_focus_delivery, "create_new"),
    ],
)
def test_ten_thousand_files_load_in_one_job_within_256_mib(
    system: TerraformDeployment,
    tmp_path: Path,
    source: str,
    entry_point: str,
    generate: Callable[..., Delivery],
    mode: str,
) -> None:
    columns = _few_columns() if source == "aws_cur" else None
    one = generate(tmp_path, MONTH, rows=1, files=1, mode=mode, columns=columns)
    delivery = many_files(one, MAX_FILES, _DIGITS)
    assert delivery.manifests[-1].path.stat().st_size > 2_000_000

    _land(system, source, delivery)
    system.emulator.events.settle(600)

    [row] = system.emulator.bigquery.query_and_wait(
        f"SELECT COUNT(*), SUM({_COST[source]}) FROM `{system.table(source)}`"
    )
    assert tuple(row.values()) == (MAX_FILES, delivery.totals.cost)
    lines = [line for line in system.function(entry_point).log_lines() if isinstance(line, dict)]
    assert [(line["action"], line.get("files")) for line in lines if line["action"] != "ignored"] == [
        ("loaded", MAX_FILES)
    ]
    state = f"SELECT MAX(LENGTH(state)) FROM `{system.source(source).dataset}._dlt_pipeline_state`"
    [[length]] = list(system.emulator.bigquery.query_and_wait(state))
    peak = system.function(entry_point).rss_mib()
    print(f"{source} {mode}: {peak:.0f} MiB, {lines[-1]['duration_seconds']} s, {length:,} characters of state")
    assert peak < _MIB_LIMIT
    assert length < (400_000 if mode == "overwrite" else 10_000)
