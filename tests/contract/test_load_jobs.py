"""Load jobs: one month is replaced as a whole, or not at all."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud import bigquery

from billing.columns.field import Field
from billing.views.staging import swap_query
from tests.contract.emulator_dataset import MONTHLY, EmulatorDataset, failure, fields
from tests.contract.month_table import OCTOBER, SEPTEMBER, MonthTable
from tests.fakes.deployment import FakeDeployment
from tests.support.deployment import Deployment

NOVEMBER_CSV = "month,item,cost\n2023-11-01T00:00:00Z,a,1.5\n2023-11-01T00:00:00.000Z,b,2.5\n"
OCTOBER_CSV = "month,item,cost\n2023-10-01T00:00:00Z,o,9\n"
ADD = ["ALLOW_FIELD_ADDITION"]


def test_load_replaces_only_its_month(table: MonthTable) -> None:
    table.load(SEPTEMBER, "a", "b")
    table.load(OCTOBER, "o")

    job = table.load(SEPTEMBER, "c")

    assert (job.error_result, job.output_rows) == (None, 1)
    assert table.items() == {SEPTEMBER: ["c"], OCTOBER: ["o"]}


def test_all_files_of_a_job_make_one_month(table: MonthTable) -> None:
    job = table.run(SEPTEMBER, table.upload(*(table.file(SEPTEMBER, item) for item in ("a", "b"))))

    assert job.output_rows == 2
    assert table.items() == {SEPTEMBER: ["a", "b"]}


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: data[:4] + b"broken"], ids=["cut", "broken"]
)
def test_unreadable_file_leaves_the_old_month(table: MonthTable, damage: Callable[[bytes], bytes]) -> None:
    table.load(SEPTEMBER, "a")

    job = table.run(SEPTEMBER, table.upload(table.file(SEPTEMBER, "new"), damage(table.file(SEPTEMBER, "bad"))))

    assert job.error_result["reason"] == "invalid"
    assert "Error while reading data" in job.error_result["message"]
    assert table.items() == {SEPTEMBER: ["a"]}


# message as reported in googleapis/google-cloud-go issue 942
def test_row_of_another_month_leaves_the_old_month(table: MonthTable) -> None:
    table.load(SEPTEMBER, "a")

    job = table.run(SEPTEMBER, table.upload(*(table.file(month, "new") for month in (SEPTEMBER, OCTOBER))))

    sentence = "Some rows belong to different partitions rather than destination partition 202509"
    assert sentence in job.error_result["message"]
    assert table.items() == {SEPTEMBER: ["a"]}


def test_missing_file_fails_the_job_as_not_found(table: MonthTable) -> None:
    missing = f"gs://{table.source.bucket}/missing"

    job = table.run(SEPTEMBER, [*table.upload(table.file(SEPTEMBER, "a")), missing])

    assert job.error_result["reason"] == "notFound"
    assert f"URI {missing}" in job.error_result["message"]
    assert table.items() == {}


def test_job_id_is_used_once_even_by_a_failed_job(table: MonthTable) -> None:
    uris, job_id = table.upload(table.file(OCTOBER, "a")), uuid4().hex
    failed = table.run(SEPTEMBER, uris, job_id)

    with pytest.raises(Conflict):
        table.insert(OCTOBER, uris, job_id)
    found = table.client.get_job(job_id, **table.deployment.job_location)
    assert failed.error_result
    assert found.error_result["reason"] == failed.error_result["reason"]


def test_job_is_found_only_in_its_location(table: MonthTable) -> None:
    job_id, location = table.load(SEPTEMBER, "a").job_id, table.deployment.job_location

    assert table.client.get_job(job_id, **location).state == "DONE"
    with pytest.raises(NotFound):
        table.client.get_job(job_id, project=location["project"], location="us")
    with pytest.raises(NotFound):
        table.client.get_job(uuid4().hex, **location)


# A table that is recreated while its columns are planned lacks the new columns.
@pytest.mark.parametrize("may_add", [True, False])
def test_column_that_only_the_job_has_needs_field_addition(deployment: Deployment, may_add: bool) -> None:
    table = MonthTable(deployment, "aws_cur")
    before, config = table.column_names(), table.config()
    config.schema_update_options = ["ALLOW_FIELD_ADDITION"] if may_add else []

    job = table.run(SEPTEMBER, table.upload(table.file(SEPTEMBER, "a")), config=config)

    assert table.item not in before
    if may_add:
        assert (job.error_result, table.column_names()) == (None, [*before, table.item])
        assert table.items() == {SEPTEMBER: ["a"]}
    else:
        assert "Provided Schema does not match" in job.error_result["message"]
        assert (table.column_names(), table.partitions()) == (before, {})


@pytest.mark.only_local("only the fakes let a test set how long a job runs")
def test_fake_job_reads_its_first_file_early_and_the_rest_late() -> None:
    """On the emulator, a test cannot set how long a job runs and when it reads which file."""
    deployment = FakeDeployment()
    deployment.cloud.tables.duration = timedelta(seconds=30)
    table = MonthTable(deployment, "azure_billing")
    uris = table.upload(table.file(SEPTEMBER, "first"), table.file(SEPTEMBER, "second"))
    job = table.insert(SEPTEMBER, uris)
    for uri in uris:
        name = uri.removeprefix(f"gs://{table.source.bucket}/")
        deployment.put(table.source.bucket, name, table.file(SEPTEMBER, "replaced"))

    job.reload()
    early = (job.state, job.output_rows, table.items())
    deployment.clock.step(seconds=30)

    assert early == ("RUNNING", None, {})
    assert table.items() == {SEPTEMBER: ["first", "replaced"]}
    assert table.client.get_job(job.job_id, **deployment.job_location).output_rows == 2


# jobs.insert "starts a new asynchronous job": it answers before the job is done
def test_insert_is_answered_before_the_job_is_done(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    job = dataset.load(dataset.upload(NOVEMBER_CSV), "t$202311")
    assert job.state in ("PENDING", "RUNNING")

    job.result()

    assert job.state == "DONE"


def test_other_requests_are_answered_during_a_load(dataset: EmulatorDataset) -> None:
    schema = {"month": "TIMESTAMP", **{f"c{n}": "BIGNUMERIC" for n in range(40)}}
    dataset.create_table(schema=schema)
    row = "2023-11-01," + ",".join(f"{n}.25" for n in range(40)) + "\n"
    job = dataset.load(dataset.upload("header\n" + row * 80_000), schema=schema)
    assert [tuple(row) for row in dataset.client.query_and_wait("SELECT 1")] == [(1,)]

    answered = datetime.now(UTC)

    assert job.result().output_rows == 80_000
    assert answered < job.ended


# jobs.get: "You must specify the location to run the job … if the location is not US or EU"
@pytest.mark.parametrize("location", [None, "US", "EU"])
def test_job_needs_its_location_outside_us_and_eu(dataset: EmulatorDataset, location: str | None) -> None:
    dataset.create_table()
    job = dataset.load(dataset.upload(NOVEMBER_CSV))
    own = dataset.cloud.location
    assert job.location == own
    assert dataset.client.get_job(job.job_id, location=own).job_id == job.job_id
    path, where = f"/projects/{dataset.cloud.project}/jobs/{job.job_id}", {"location": location} if location else {}

    def find() -> Any:
        return dataset.client._connection.api_request(method="GET", path=path, query_params=where)

    if location == own or (location is None and own in ("US", "EU")):
        assert find()["jobReference"]["jobId"] == job.job_id
    else:
        with pytest.raises(NotFound, match="Not found: Job"):
            find()


# jobs run where their datasets are: "Not found: Dataset p:d was not found in location US"
def test_job_in_another_location_does_not_find_the_dataset(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    config = bigquery.LoadJobConfig(schema=fields(MONTHLY))
    other = "EU" if dataset.cloud.location == "US" else "US"
    uri, sentence = f"gs://{dataset.bucket}/o", f"was not found in location {other}"

    with pytest.raises(NotFound, match=f"Dataset {dataset.cloud.project}:{dataset.name} {sentence}"):
        dataset.client.load_table_from_uri(uri, dataset.table_id(), location=other, job_config=config)
    with pytest.raises(NotFound, match=sentence):
        dataset.client.query_and_wait(dataset.sql("SELECT * FROM $.t"), location=other)


# "Job ids are unique per project and location": of several inserts at once, one makes the job
def test_one_of_several_simultaneous_inserts_succeeds(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    uri, job_id, outcomes = dataset.upload(NOVEMBER_CSV), f"{dataset.name}_race", []

    def insert() -> None:
        try:
            dataset.load(uri, "t$202311", job_id=job_id, write_disposition="WRITE_APPEND").result()
            outcomes.append("loaded")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=insert) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "loaded"]
    assert dataset.rows("SELECT count(*) FROM $.t") == [(2,)]


# jobs.insert: a job id is used once; "409 Already Exists"
def test_job_id_is_used_once_across_loads_and_queries(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    cloud, job_id = dataset.cloud, f"{dataset.name}_once"
    reference = {"projectId": cloud.project, "jobId": job_id, "location": cloud.location}
    uri = dataset.upload(NOVEMBER_CSV)

    dataset.load(uri, job_id=job_id).result()

    with pytest.raises(Conflict, match=f"Already Exists: Job {cloud.project}:{cloud.location}.{job_id}"):
        dataset.load(uri, job_id=job_id)
    with pytest.raises(Conflict):
        dataset.client._connection.api_request(
            method="POST",
            path=f"/projects/{cloud.project}/jobs",
            data={"jobReference": reference, "configuration": {"query": {"query": "SELECT 1"}}},
        )


def test_simultaneous_loads_of_several_months_all_arrive(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    jobs = []

    for month in ("2023-09", "2023-10", "2023-11"):
        schema = {**MONTHLY, f"only_{month[-2:]}": "STRING"}
        uri = dataset.upload(f"m,i,c,x\n{month}-01,a,1,y\n")
        target, options = f"t${month.replace('-', '')}", ["ALLOW_FIELD_ADDITION"]
        jobs.append(dataset.load(uri, target, schema=schema, schema_update_options=options))

    assert [job.result().output_rows for job in jobs] == [1, 1, 1]
    assert dataset.rows("SELECT count(*), count(only_09), count(only_11) FROM $.t") == [(3, 1, 1)]


# jobs: "The load is atomic": a job that fails changes nothing
def test_failed_load_adds_no_column(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    dataset.load_csv(NOVEMBER_CSV, "t$202311")
    schema = {**MONTHLY, "added": "STRING"}
    uri = dataset.upload("m,i,c,x\n2023-11-01,new,oops,1\n")

    failure(dataset.load(uri, "t$202311", schema=schema, schema_update_options=ADD))

    assert dataset.rows("SELECT item FROM $.t ORDER BY 1") == [("a",), ("b",)]
    assert dataset.column_names() == list(MONTHLY)


# NULL belongs to the partition __NULL__
def test_row_without_a_month_is_rejected(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    error, _ = failure(dataset.load(dataset.upload(f"{NOVEMBER_CSV},x,1\n"), "t$202311"))

    assert "Some rows belong to different partitions rather than destination partition 202311" in error


@pytest.mark.parametrize(
    ("kind", "last", "next_month"),
    [("DATE", "2023-11-30", "2023-12-01"), ("TIMESTAMP", "2023-11-30T23:59:59Z", "2023-12-01T00:00:00Z")],
)
def test_partition_holds_every_moment_of_its_month(
    dataset: EmulatorDataset, kind: str, last: str, next_month: str
) -> None:
    schema = {"month": kind, "item": "STRING"}
    dataset.create_table(schema=schema)

    job = dataset.load_csv(f"m,i\n{last},a\n", "t$202311", schema=schema)

    assert job.output_rows == 1
    failure(dataset.load(dataset.upload(f"m,i\n{next_month},a\n"), "t$202311", schema=schema))


@pytest.mark.parametrize("decorator", ["2023", "20231101", "latest"])
def test_decorator_must_have_the_granularity_of_the_table(dataset: EmulatorDataset, decorator: str) -> None:
    dataset.create_table()
    failure(dataset.load(dataset.upload(NOVEMBER_CSV), f"t${decorator}"))


# schemaUpdateOptions: "ALLOW_FIELD_ADDITION: allow adding a nullable field to the schema"
def test_new_columns_need_field_addition_and_are_null_before(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    dataset.load_csv(OCTOBER_CSV, "t$202310")
    schema = {"extra": "STRING", **MONTHLY}
    uri = dataset.upload("e,m,i,c\nnew,2023-11-01,a,1\n")
    error, _ = failure(dataset.load(uri, "t$202311", schema=schema))
    assert "Provided Schema does not match Table" in error
    assert "Cannot add fields (field: extra)" in error

    dataset.load(uri, "t$202311", schema=schema, schema_update_options=ADD).result()

    assert dataset.column_names() == [*MONTHLY, "extra"]
    assert dataset.rows("SELECT item, extra FROM $.t ORDER BY 1") == [("a", "new"), ("o", None)]


def test_column_type_never_changes(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    error, _ = failure(dataset.load(dataset.upload(NOVEMBER_CSV), "t$202311", schema={**MONTHLY, "cost": "STRING"}))

    assert "Field cost has changed type from BIGNUMERIC to STRING" in error


# schemaUpdateOptions: "supported in two cases: when writeDisposition is WRITE_APPEND; … WRITE_TRUNCATE and a partition"
def test_schema_update_options_need_a_partition(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    with pytest.raises(BadRequest, match="Schema update options should only be specified"):
        dataset.load(dataset.upload(NOVEMBER_CSV), schema_update_options=ADD)


# createDisposition CREATE_NEVER: "The table must already exist. If it does not, a 'notFound' error is returned"
def test_missing_table_fails_the_job(dataset: EmulatorDataset) -> None:
    job = dataset.load(dataset.upload(NOVEMBER_CSV), "missing")

    with pytest.raises(NotFound, match=r"Not found: Table .*\.missing"):
        job.result()


# seen as "Error 404: Not found: Dataset" of jobs.insert itself (bruin-data/ingestr pull request 643)
def test_missing_dataset_fails_the_insert(dataset: EmulatorDataset) -> None:
    dataset.name += "_gone"

    with pytest.raises(NotFound, match=f"Not found: Dataset {dataset.cloud.project}:{dataset.name}"):
        dataset.load(f"gs://{dataset.bucket}/x.csv")


# JobStatistics3.outputRows: "The number of rows imported in a load job"; not what the table then holds
def test_statistics_count_only_this_load(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    dataset.load_csv(NOVEMBER_CSV, write_disposition="WRITE_APPEND")

    job = dataset.load_csv(NOVEMBER_CSV, write_disposition="WRITE_APPEND")

    assert (job.output_rows, job.input_files, job.input_file_bytes) == (2, 1, len(NOVEMBER_CSV))
    assert dataset.table().num_rows == 4


def test_uri_may_have_a_wildcard(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    for name in ("run/a/1.csv", "run/b/2.csv", "other/3.csv"):
        dataset.upload(NOVEMBER_CSV, name)

    assert dataset.load(f"gs://{dataset.bucket}/run/*.csv").result().input_files == 2


# loading from Cloud Storage, wildcards: only * is one
@pytest.mark.parametrize("name", ["a?b/f.csv", "a#b/f.csv", "a [d]/f.csv", "a%20b/f.csv"])
def test_other_characters_of_a_uri_are_plain(dataset: EmulatorDataset, name: str) -> None:
    dataset.create_table()
    for match in ("axb/f.csv", "a d/f.csv"):  # what the names would match as patterns
        dataset.upload(OCTOBER_CSV, match)

    uri = dataset.upload(NOVEMBER_CSV, name)

    assert dataset.load(uri).result().output_rows == 2


# the emulator never ignores an option
@pytest.mark.only_local("the emulator refuses options that Google knows")
def test_unknown_option_is_rejected(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    with pytest.raises(BadRequest, match="does not know: timeZone"):
        dataset.load(dataset.upload(NOVEMBER_CSV), time_zone="Europe/Berlin")


def staged(table: MonthTable, *months: str | None) -> tuple[str, Any]:
    """Load a file of one row per month into a staging table. Return the query for its rows, and the job's config."""
    name, (first, *others) = f"{table.source.destination}_staging_{uuid4().hex}", months
    config, schema = table.config(), table.handle().schema
    config.write_disposition, config.schema_update_options = "WRITE_EMPTY", None
    wanted = bigquery.Table(name, schema=config.schema or [field for field in schema if field.name in STAGED])
    table.client.create_table(wanted)
    uris = table.upload(*(table.file(month or "", f"row {month}") for month in (first, *others)))
    job = table.client.load_table_from_uri(
        uris, name, job_id=uuid4().hex, job_config=config, **table.deployment.job_location
    )
    assert table.ended(job).error_result is None
    fields = [Field(field.name, field.field_type) for field in schema]
    loaded = [field for field in fields if field.name in STAGED]
    sql = swap_query(name, table.source.format.partition, SEPTEMBER, loaded, fields)
    return sql, bigquery.QueryJobConfig(
        destination=f"{table.source.destination}$202509",
        write_disposition="WRITE_TRUNCATE",
        create_disposition="CREATE_NEVER",
        labels={"source": "x"},
    )


STAGED = {
    *("bill_billing_period_start_date", "identity_line_item_id", "line_item_unblended_cost"),
    *("BillingPeriodStart", "BilledCost", "ResourceId"),
}


def test_query_job_replaces_only_the_month_of_its_destination(table: MonthTable) -> None:
    table.load(SEPTEMBER, "a", "b")
    table.load(OCTOBER, "o")
    sql, config = staged(table, SEPTEMBER, None)
    before = table.partitions()

    job = table.query(sql, config)

    assert (job.error_result, job.labels) == (None, {"source": "x"})
    assert table.items() == {SEPTEMBER: ["row 2025-09", "row None"], OCTOBER: ["o"]}
    after = table.partitions()
    assert before[SEPTEMBER].modified < after[SEPTEMBER].modified <= job.ended
    assert before[OCTOBER] == after[OCTOBER]


def test_query_job_with_a_row_of_another_month_leaves_the_old_month(table: MonthTable) -> None:
    table.load(SEPTEMBER, "a")
    sql, config = staged(table, SEPTEMBER, OCTOBER)

    job = table.query(sql, config)

    sentence = "Some rows belong to different partitions rather than destination partition 202509"
    assert sentence in job.error_result["message"]
    assert table.items() == {SEPTEMBER: ["a"]}


def test_query_job_of_a_missing_table_leaves_the_old_month(table: MonthTable) -> None:
    table.load(SEPTEMBER, "a")
    sql, config = staged(table, SEPTEMBER)
    table.client.delete_table(sql.rpartition("FROM ")[2].strip("`"))

    job = table.query(sql, config)

    assert job.error_result["reason"] == "notFound"
    assert "_staging_" in job.error_result["message"]
    assert table.items() == {SEPTEMBER: ["a"]}


def test_job_id_is_used_once_by_load_jobs_and_query_jobs(table: MonthTable) -> None:
    sql, config = staged(table, SEPTEMBER)
    used = table.query(sql, config).job_id

    with pytest.raises(Conflict):
        table.insert(SEPTEMBER, table.upload(table.file(SEPTEMBER, "a")), used)
    with pytest.raises(Conflict):
        table.client.query(sql, job_id=used, job_config=config, job_retry=None, **table.deployment.job_location)


def test_load_into_a_table_that_has_rows_needs_another_disposition(table: MonthTable) -> None:
    table.load(SEPTEMBER, "a")
    config = table.config()
    config.write_disposition, config.schema_update_options = "WRITE_EMPTY", None

    job = table.run(SEPTEMBER, table.upload(table.file(SEPTEMBER, "b")), config=config)

    assert job.error_result["reason"] == "duplicate"
    assert table.items() == {SEPTEMBER: ["a"]}


def test_staging_table_is_created_once_and_deleted_once(table: MonthTable) -> None:
    wanted = bigquery.Table(f"{table.source.destination}_staging", schema=table.handle().schema)

    table.client.create_table(wanted)
    table.client.create_table(wanted, exists_ok=True)
    with pytest.raises(Conflict):
        table.client.create_table(wanted)
    table.client.delete_table(f"{table.source.destination}_staging", not_found_ok=True)
    table.client.delete_table(f"{table.source.destination}_staging", not_found_ok=True)

    with pytest.raises(NotFound):
        table.client.get_table(f"{table.source.destination}_staging")


def test_table_is_gone_after_its_expiration(dataset: EmulatorDataset) -> None:
    wanted = bigquery.Table(dataset.table_id("short"), schema=fields(MONTHLY))
    wanted.expires = datetime.now(UTC) + timedelta(seconds=1.5)

    created = dataset.client.create_table(wanted)

    assert created.expires is not None
    assert dataset.table("short").expires == created.expires
    time.sleep(1.6)
    with pytest.raises(NotFound):
        dataset.table("short")


# docs: "If BigQuery can't convert a character other than the ASCII 0 character, BigQuery converts the character to the
# standard Unicode replacement character"; REST, preserveAsciiControlCharacters
@pytest.mark.parametrize(
    ("text", "keeps", "loaded"),
    [
        (b"a\x00b", True, "a\0b"),
        (b"a\x00b", False, None),
        (b"M\xfcnchen", False, "M\ufffdnchen"),
        (b"M\xfcnchen", True, "M\ufffdnchen"),
        (b"\xfc\xe4\xe2\x82", False, "\ufffd\ufffd\ufffd"),
        ("München".encode(), True, "München"),
    ],
)
def test_bytes_that_are_no_text_end_a_job_or_are_replaced(
    deployment: Deployment, text: bytes, keeps: bool, loaded: str | None
) -> None:
    table = MonthTable(deployment, "aws_cur")
    config = table.config()
    config.preserve_ascii_control_characters = keeps
    data = gzip.compress(gzip.decompress(table.file(SEPTEMBER, "X")).replace(b",X,", b"," + text + b","))

    job = table.run(SEPTEMBER, table.upload(data), config=config)

    if loaded is None:
        told = " ".join(error["message"] for error in job.errors)
        assert "Bad character (ASCII 0) encountered" in told
        assert table.partitions() == {}
    else:
        assert (job.error_result, table.items()) == (None, {SEPTEMBER: [loaded]})


@pytest.mark.only_local("the emulator refuses options that Google knows")
@pytest.mark.parametrize(
    "option", [{"maximum_bytes_billed": 1}, {"use_legacy_sql": True}, {"write_disposition": "WRITE_OVER"}]
)
def test_query_job_with_an_unknown_option_is_rejected(dataset: EmulatorDataset, option: dict[str, Any]) -> None:
    dataset.create_table()
    config = bigquery.QueryJobConfig(destination=dataset.table_id(), **option)

    with pytest.raises(BadRequest, match="The emulator does not know"):
        dataset.client.query("SELECT 1 AS x", job_config=config, job_retry=None)


def test_query_job_with_a_whole_table_as_destination_writes_as_its_disposition_says(dataset: EmulatorDataset) -> None:
    dataset.create_table(partition=None)
    dataset.load_csv(NOVEMBER_CSV)
    select = "SELECT TIMESTAMP '2023-12-01' AS month, 'q' AS item, CAST(4.5 AS BIGNUMERIC) AS cost"

    def items(write: str) -> list[str]:
        config = bigquery.QueryJobConfig(destination=dataset.table_id(), write_disposition=write)
        dataset.client.query(select, job_config=config).result()
        return [item for (item,) in dataset.rows("SELECT item FROM $.t ORDER BY 1")]

    assert items("WRITE_APPEND") == ["a", "b", "q"]
    assert items("WRITE_TRUNCATE_DATA") == items("WRITE_TRUNCATE") == ["q"]
    with pytest.raises(Conflict, match="Already Exists"):
        items("WRITE_EMPTY")


def written_by_a_load(dataset: EmulatorDataset) -> Any:
    return dataset.load_csv(NOVEMBER_CSV, "t$202311")


def written_by_a_query(disposition: str) -> Callable[[EmulatorDataset], Any]:
    def write(dataset: EmulatorDataset) -> Any:
        config = bigquery.QueryJobConfig(
            destination=f"{dataset.table_id()}$202311",
            write_disposition=disposition,
            create_disposition="CREATE_NEVER",
        )
        return dataset.client.query(dataset.sql("SELECT * FROM $.t"), job_config=config).result()

    return write


# writeDisposition: WRITE_TRUNCATE_DATA keeps "the constraints and schema of the existing table"
@pytest.mark.parametrize(
    "write",
    [written_by_a_load, written_by_a_query("WRITE_TRUNCATE"), written_by_a_query("WRITE_TRUNCATE_DATA")],
    ids=["load job", "query job", "query job that truncates data"],
)
def test_columns_keep_their_descriptions(dataset: EmulatorDataset, write: Callable[[EmulatorDataset], Any]) -> None:
    dataset.create_table()
    table = dataset.table()
    table.schema = [bigquery.SchemaField(name, kind, description=f"source: {name}") for name, kind in MONTHLY.items()]
    dataset.client.update_table(table, ["schema"])
    dataset.load_csv(NOVEMBER_CSV, "t$202311")

    write(dataset)

    assert {field.name: field.description for field in dataset.table().schema} == {
        name: f"source: {name}" for name in MONTHLY
    }
    assert dataset.table().num_rows == 2


# a column that another load added meanwhile: NULL in the rows of the query
def test_query_job_may_lack_a_column_of_its_destination(dataset: EmulatorDataset) -> None:
    dataset.create_table(schema={**MONTHLY, "later": "STRING", "tags": "JSON"})
    sql = "SELECT TIMESTAMP '2023-11-01' AS month, 'q' AS item, BIGNUMERIC '4.5' AS cost, CAST(NULL AS JSON) AS tags"
    config = bigquery.QueryJobConfig(
        destination=f"{dataset.table_id()}$202311",
        write_disposition="WRITE_TRUNCATE",
        create_disposition="CREATE_NEVER",
    )

    dataset.client.query(sql, job_config=config).result()

    assert dataset.rows("SELECT item, later, tags IS NULL FROM $.t") == [("q", None, True)]
    assert dataset.column_names() == [*MONTHLY, "later", "tags"]
