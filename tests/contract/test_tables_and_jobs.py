"""BigQuery's tables and load jobs as the product uses them, on both clouds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
from google.cloud import bigquery

from tests.fakes.deployment import FakeDeployment
from tests.fakes.small_files import csv_file, parquet_file
from tests.support.deployment import ITEM, Deployment

KEYS = ("aws_cur", "azure_billing")
SEPTEMBER, OCTOBER = "2025-09", "2025-10"


def _file(key: str, month: str, *items: str) -> bytes:
    return (csv_file if key == "aws_cur" else parquet_file)(month, items)


def _uri(deployment: Deployment, key: str, data: bytes) -> str:
    bucket, name = deployment.source(key).bucket, f"{uuid4().hex}/part"
    deployment.put(bucket, name, data)
    return f"gs://{bucket}/{name}"


def _config(deployment: Deployment, key: str) -> bigquery.LoadJobConfig:
    config = bigquery.LoadJobConfig(
        create_disposition="CREATE_NEVER",
        write_disposition="WRITE_TRUNCATE",
        schema_update_options=["ALLOW_FIELD_ADDITION"],
        source_format="CSV" if key == "aws_cur" else "PARQUET",
    )
    if key == "aws_cur":
        config.skip_leading_rows, config.allow_quoted_newlines = 1, True
        config.schema = [
            bigquery.SchemaField("bill_billing_period_start_date", "TIMESTAMP"),
            bigquery.SchemaField(ITEM[key], "STRING"),
            bigquery.SchemaField("line_item_unblended_cost", "BIGNUMERIC"),
        ]
    else:
        config.decimal_target_types = ["BIGNUMERIC"]
    return config


def _insert(deployment: Deployment, key: str, month: str, uris: Sequence[str], job_id: str | None = None) -> Any:
    destination = f"{deployment.source(key).destination}${month.replace('-', '')}"
    return deployment.bigquery.load_table_from_uri(
        list(uris),
        destination,
        job_id=job_id or uuid4().hex,
        job_config=_config(deployment, key),
        **deployment.job_location,
    )


def _wait(deployment: Deployment, job: Any) -> Any:
    while job.state != "DONE":
        deployment.clock.sleep(0.2)
        job.reload()
    return job


def _load(deployment: Deployment, key: str, month: str, *items: str) -> Any:
    return _wait(deployment, _insert(deployment, key, month, [_uri(deployment, key, _file(key, month, *items))]))


@pytest.fixture(params=KEYS)
def key(request: pytest.FixtureRequest, deployment: Deployment) -> str:
    """Of a source whose table has the column that tells the rows apart."""
    chosen = str(request.param)
    table = deployment.bigquery.get_table(deployment.source(chosen).destination)
    if ITEM[chosen] not in {field.name for field in table.schema}:
        table.schema = [*table.schema, bigquery.SchemaField(ITEM[chosen], "STRING")]
        deployment.bigquery.update_table(table, ["schema"])
    return chosen


@pytest.mark.parametrize("may_add", [True, False])
def test_a_column_that_only_the_job_has_is_added_where_the_job_may_and_else_ends_it(
    deployment: Deployment, may_add: bool
) -> None:
    """By ALLOW_FIELD_ADDITION: of a table that was created again while its columns were planned."""
    config = _config(deployment, "aws_cur")
    config.schema_update_options = ["ALLOW_FIELD_ADDITION"] if may_add else []
    uri, where = _uri(deployment, "aws_cur", csv_file(SEPTEMBER, ("a",))), deployment.source("aws_cur").destination
    before = [field.name for field in deployment.bigquery.get_table(where).schema]
    job = _wait(
        deployment,
        deployment.bigquery.load_table_from_uri(
            [uri], f"{where}$202509", uuid4().hex, job_config=config, **deployment.job_location
        ),
    )
    after = [field.name for field in deployment.bigquery.get_table(where).schema]

    assert ITEM["aws_cur"] not in before
    if may_add:
        assert (job.error_result, after) == (None, [*before, ITEM["aws_cur"]])
        assert deployment.items("aws_cur") == {SEPTEMBER: ["a"]}
    else:
        assert "Provided Schema does not match" in job.error_result["message"]
        assert after == before
        assert deployment.services().warehouse.partitions(deployment.source("aws_cur")) == {}


def test_a_load_replaces_its_month_and_no_other(deployment: Deployment, key: str) -> None:
    _load(deployment, key, SEPTEMBER, "a", "b")
    _load(deployment, key, OCTOBER, "o")
    job = _load(deployment, key, SEPTEMBER, "c")

    assert (job.error_result, job.output_rows) == (None, 1)
    assert deployment.items(key) == {SEPTEMBER: ["c"], OCTOBER: ["o"]}


def test_all_files_of_a_job_make_one_month(deployment: Deployment, key: str) -> None:
    uris = [_uri(deployment, key, _file(key, SEPTEMBER, item)) for item in ("a", "b")]
    job = _wait(deployment, _insert(deployment, key, SEPTEMBER, uris))

    assert job.output_rows == 2
    assert deployment.items(key) == {SEPTEMBER: ["a", "b"]}


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[: len(data) // 2], lambda data: data[:4] + b"broken"],
    ids=["cut", "broken"],
)
def test_a_file_that_cannot_be_read_leaves_the_old_month(
    deployment: Deployment, key: str, damage: Callable[[bytes], bytes]
) -> None:
    _load(deployment, key, SEPTEMBER, "a")
    uris = [
        _uri(deployment, key, _file(key, SEPTEMBER, "new")),
        _uri(deployment, key, damage(_file(key, SEPTEMBER, "bad"))),
    ]
    job = _wait(deployment, _insert(deployment, key, SEPTEMBER, uris))

    assert job.error_result["reason"] == "invalid"
    assert "Error while reading data" in job.error_result["message"]
    assert deployment.items(key) == {SEPTEMBER: ["a"]}


def test_a_row_of_another_month_leaves_the_old_month(deployment: Deployment, key: str) -> None:
    _load(deployment, key, SEPTEMBER, "a")
    uris = [_uri(deployment, key, _file(key, month, "new")) for month in (SEPTEMBER, OCTOBER)]
    job = _wait(deployment, _insert(deployment, key, SEPTEMBER, uris))

    assert "Some rows belong to different partitions rather than" in job.error_result["message"]
    assert deployment.items(key) == {SEPTEMBER: ["a"]}


def test_a_file_that_is_gone_fails_the_job_as_not_found(deployment: Deployment, key: str) -> None:
    gone = f"gs://{deployment.source(key).bucket}/gone"
    job = _wait(
        deployment, _insert(deployment, key, SEPTEMBER, [_uri(deployment, key, _file(key, SEPTEMBER, "a")), gone])
    )

    assert job.error_result["reason"] == "notFound"
    assert f"URI {gone}" in job.error_result["message"]
    assert deployment.items(key) == {}


def test_a_table_that_is_gone_is_not_found(deployment: Deployment) -> None:
    with pytest.raises(NotFound):
        deployment.bigquery.get_table(f"{deployment.source('aws_cur').destination}_gone")


def test_a_job_id_is_used_once_even_by_a_job_that_failed(deployment: Deployment, key: str) -> None:
    uri, job_id = _uri(deployment, key, _file(key, OCTOBER, "a")), uuid4().hex
    failed = _wait(deployment, _insert(deployment, key, SEPTEMBER, [uri], job_id))

    assert failed.error_result
    with pytest.raises(Conflict):
        _insert(deployment, key, OCTOBER, [uri], job_id)
    assert (
        deployment.bigquery.get_job(job_id, **deployment.job_location).error_result["reason"]
        == failed.error_result["reason"]
    )


def test_a_job_is_found_in_its_location_only(deployment: Deployment, key: str) -> None:
    job_id = _load(deployment, key, SEPTEMBER, "a").job_id

    assert deployment.bigquery.get_job(job_id, **deployment.job_location).state == "DONE"
    with pytest.raises(NotFound):
        deployment.bigquery.get_job(job_id, project=deployment.settings.project, location="us")
    with pytest.raises(NotFound):
        deployment.bigquery.get_job(uuid4().hex, **deployment.job_location)


def test_a_patch_needs_the_etag_and_a_load_changes_it(deployment: Deployment, key: str) -> None:
    name = deployment.source(key).destination
    first, second, third = (deployment.bigquery.get_table(name) for _ in range(3))
    for table, column in ((first, "x_one"), (second, "x_two"), (third, "x_three")):
        table.schema = [*table.schema, bigquery.SchemaField(column, "STRING", description=f"source: {column}")]
    deployment.bigquery.update_table(first, ["schema"])

    with pytest.raises(PreconditionFailed):
        deployment.bigquery.update_table(second, ["schema"])
    fresh = deployment.bigquery.get_table(name)
    assert (fresh.schema[-1].name, fresh.schema[-1].description) == ("x_one", "source: x_one")
    assert fresh.created == first.created
    _load(deployment, key, SEPTEMBER, "a")
    fresh.schema = [*fresh.schema, bigquery.SchemaField("x_three", "STRING")]
    with pytest.raises(PreconditionFailed):
        deployment.bigquery.update_table(fresh, ["schema"])


def test_a_table_created_again_is_empty_and_another_one(deployment: Deployment, key: str) -> None:
    _load(deployment, key, SEPTEMBER, "a")
    old = deployment.bigquery.get_table(deployment.source(key).destination).created
    deployment.recreate_table(key)

    assert deployment.bigquery.get_table(deployment.source(key).destination).created > old
    assert deployment.items(key) == {}


def test_the_rows_of_every_month_are_counted(deployment: Deployment, key: str) -> None:
    _load(deployment, key, SEPTEMBER, "a", "b")
    _load(deployment, key, OCTOBER, "o")

    partitions = deployment.services().warehouse.partitions(deployment.source(key))
    assert {month: held.rows for month, held in partitions.items()} == {SEPTEMBER: 2, OCTOBER: 1}


def test_a_month_tells_when_it_was_last_written_and_no_job_ends_before_that(deployment: Deployment, key: str) -> None:
    first, other, second = (_load(deployment, key, month, "a") for month in (SEPTEMBER, OCTOBER, SEPTEMBER))

    partitions = deployment.services().warehouse.partitions(deployment.source(key))
    assert first.ended < partitions[SEPTEMBER].modified <= second.ended
    assert first.ended < partitions[OCTOBER].modified <= other.ended


def test_in_memory_a_job_ends_when_its_time_has_come_and_reads_the_first_file_when_it_begins() -> None:
    """What the laptop's cloud cannot be told: how long a job runs, and when it reads which file."""
    deployment = FakeDeployment()
    deployment.cloud.tables.duration = timedelta(seconds=30)
    uris = [_uri(deployment, "azure_billing", parquet_file(SEPTEMBER, (item,))) for item in ("first", "second")]
    job = _insert(deployment, "azure_billing", SEPTEMBER, uris)
    for uri in uris:
        _, name = uri.removeprefix("gs://").split("/", 1)
        deployment.put(deployment.source("azure_billing").bucket, name, parquet_file(SEPTEMBER, ("replaced",)))

    job.reload()
    assert (job.state, job.output_rows, deployment.items("azure_billing")) == ("RUNNING", None, {})
    deployment.clock.step(seconds=30)
    assert deployment.items("azure_billing") == {SEPTEMBER: ["first", "replaced"]}
    assert deployment.bigquery.get_job(job.job_id, **deployment.job_location).output_rows == 2
