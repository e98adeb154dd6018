"""What BigQuery promises about load jobs, kept by the laptop's. Each test names the rule and where it stands."""

from __future__ import annotations

import gzip
import json
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud import bigquery

from tests.contract.warehouse import MONTHLY, Warehouse
from tests.emulator import Emulator

NOVEMBER = "month,item,cost\n2023-11-01T00:00:00Z,a,1.5\n2023-11-01T00:00:00.000Z,b,2.5\n"
OCTOBER = "month,item,cost\n2023-10-01T00:00:00Z,o,9\n"
ADD = ["ALLOW_FIELD_ADDITION"]


def failure(job: bigquery.LoadJob) -> tuple[BadRequest, list[dict[str, Any]]]:
    with pytest.raises(BadRequest) as caught:
        job.result(timeout=60)
    return caught.value, job.errors


# Job.configuration.load.sourceColumnMatch: POSITION "assumes columns are ordered the same way as the schema"
def test_csv_columns_are_taken_by_position_in_the_order_of_the_jobs_schema(warehouse: Warehouse) -> None:
    warehouse.create_table()
    schema = {"item": "STRING", "cost": "BIGNUMERIC", "month": "TIMESTAMP"}
    warehouse.load_csv("x,y,z\na,1,2023-11-01T00:00:00Z\n", schema=schema)
    assert warehouse.rows("SELECT item, cost FROM $.t") == [("a", Decimal(1))]


# sourceColumnMatch: NAME "reads the header row as column names and reorders columns to match"
def test_csv_columns_go_by_their_header_when_asked_to(warehouse: Warehouse) -> None:
    warehouse.create_table()
    files = [
        warehouse.upload("cost,month,item\n1,2023-11-01,a\n"),
        warehouse.upload("item,cost,month\nb,2,2023-11-01\n"),
    ]
    warehouse.load(files, source_column_match="NAME").result()
    assert warehouse.rows("SELECT item, cost FROM $.t ORDER BY 1") == [("a", Decimal(1)), ("b", Decimal(2))]


# skipLeadingRows: "The number of rows at the top of a CSV file that BigQuery will skip" - of each file
def test_leading_rows_are_skipped_in_every_file(warehouse: Warehouse) -> None:
    warehouse.create_table()
    job = warehouse.load([warehouse.upload(NOVEMBER), warehouse.upload(OCTOBER)])
    assert (job.result().output_rows, job.input_files) == (3, 2)


# loading-data-cloud-storage-csv: "If you use gzip compression, BigQuery cannot read the data in parallel"
def test_gzip_is_recognised_by_content(warehouse: Warehouse) -> None:
    warehouse.create_table()
    uri = warehouse.upload(gzip.compress(NOVEMBER.encode()), "billing/without-a-suffix")
    assert warehouse.load(uri).result().output_rows == 2


# loading-data-cloud-storage-csv: "You cannot include both compressed and uncompressed files in the same load job"
def test_compressed_and_plain_files_do_not_go_together(warehouse: Warehouse) -> None:
    warehouse.create_table()
    uris = [warehouse.upload(NOVEMBER), warehouse.upload(gzip.compress(NOVEMBER.encode()))]
    error, _ = failure(warehouse.load(uris))
    assert "ompressed" in str(error)


# allowQuotedNewlines: "quoted data sections that contain newline characters in a CSV file. The default value is false"
@pytest.mark.parametrize("allowed", [True, False])
def test_quoted_newlines_must_be_allowed(warehouse: Warehouse, allowed: bool) -> None:
    warehouse.create_table()
    job = warehouse.load(warehouse.upload('m,i,c\n2023-11-01,"two\nlines",1\n'), allow_quoted_newlines=allowed)
    if allowed:
        job.result()
        assert warehouse.rows("SELECT item FROM $.t") == [("two\nlines",)]
    else:
        assert "Missing close quote character" in failure(job)[1][1]["message"]


# nullMarker: "The default value is the empty string"; a quoted empty string is text, as RFC 4180 has it
def test_an_empty_field_is_null_and_a_quoted_empty_string_is_not(warehouse: Warehouse) -> None:
    warehouse.create_table()
    warehouse.load_csv('m,i,c\n2023-11-01,,\n2023-11-01,"",2\n')
    assert warehouse.rows("SELECT item, cost FROM $.t ORDER BY cost NULLS FIRST") == [(None, None), ("", Decimal(2))]


# nullMarker: "If you set this property to a custom value, BigQuery throws an error if an empty string is present"
def test_with_a_null_marker_of_its_own_an_empty_number_is_an_error(warehouse: Warehouse) -> None:
    warehouse.create_table()
    warehouse.load_csv("m,i,c\n2023-11-01,\\N,\\N\n", null_marker="\\N")
    assert warehouse.rows("SELECT item, cost FROM $.t") == [(None, None)]
    failure(warehouse.load(warehouse.upload("m,i,c\n2023-11-01,,\n"), null_marker="\\N"))


# loading-data-cloud-storage-csv#data_types; exponents as in CAST (for loads not yet seen on Google Cloud)
@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("BIGNUMERIC", "1.81E-8", Decimal("0.0000000181")),
        ("BIGNUMERIC", "-12345678901234567890.123456789012345678", Decimal("-12345678901234567890.123456789012345678")),
        ("BIGNUMERIC", "0.10000000000000000000000", Decimal("0.1")),
        ("NUMERIC", "1.5E-3", Decimal("0.0015")),
        ("NUMERIC", "0.0000000005", Decimal("0.000000001")),  # rounded half away from zero: roundingMode's default
        ("NUMERIC", "-0.0000000005", Decimal("-0.000000001")),
        ("INTEGER", "-7", -7),
        ("BOOLEAN", "yes", True),
        ("FLOAT", "1e3", 1000.0),
        ("STRING", '"a ""b"""', 'a "b"'),
    ],
)
def test_values_are_read_exactly(warehouse: Warehouse, kind: str, text: str, value: object) -> None:
    warehouse.create_table(schema={"x": kind}, partition=None)
    warehouse.load_csv(f"x\n{text}\n", schema={"x": kind})
    assert warehouse.rows("SELECT x FROM $.t") == [(value,)]


# loading-data-cloud-storage-csv#data_types: HH:MM[:SS[.SSSSSS]] behind a space or T, then Z or an offset or neither
@pytest.mark.parametrize(
    "text",
    [
        "2023-11-01T00:00:00.000Z",
        "2023-11-01T00:00:00Z",
        "2023-11-01T00:00Z",
        "2023-11-01 00:00",
        "2023-11-01 01:00:00+01:00",
        "2023-11-01",
    ],
)
def test_timestamps_in_these_spellings_are_the_same_moment(warehouse: Warehouse, text: str) -> None:
    warehouse.create_table()
    warehouse.load_csv(f"m,i,c\n{text},a,1\n")
    assert warehouse.rows("SELECT FORMAT_TIMESTAMP('%Y-%m-%d %H:%M:%S', month) FROM $.t") == [("2023-11-01 00:00:00",)]


# error text as in reports of loads that failed: errorResult sums up, errors[] names line, column, type and value
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("INTEGER", "1.5"),
        ("NUMERIC", "abc"),
        ("BIGNUMERIC", "1,5"),
        ("TIMESTAMP", "2023-11-01T00Z"),
        ("TIMESTAMP", "11/01/2023 00:00"),
        ("DATE", "11/01/2023"),
        ("DATE", "n/a"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_column_and_file(
    warehouse: Warehouse, kind: str, text: str
) -> None:
    warehouse.create_table(schema={"a": "STRING", "x": kind}, partition=None)
    uri = warehouse.upload(f'a,x\nfine,\nbad,"{text}"\n')
    error, details = failure(warehouse.load(uri, schema={"a": "STRING", "x": kind}))
    sql_name = kind.replace("INTEGER", "INT64")
    assert "CSV processing encountered too many errors, giving up. Rows: 3; errors: 1; max bad: 0" in str(error)
    assert [entry["location"] for entry in details] == [uri, uri]
    assert (
        f'Unable to parse; line_number: 3 column_index: 1 column_name: "x" column_type: {sql_name}'
        in details[1]["message"]
    )
    assert f'value: "{text}" File: {uri}' in details[1]["message"]


# dateFormat: "If this value is present, this format is the only compatible DATE format"; elements of two digits each
def test_a_date_format_is_the_only_one_for_dates(warehouse: Warehouse) -> None:
    schema = {"d": "DATE", "t": "TIMESTAMP"}
    warehouse.create_table(schema=schema, partition=None)
    warehouse.load_csv("d,t\n11/02/2023,2023-11-03T04:05Z\n,\n", schema=schema, date_format="MM/DD/YYYY")
    assert warehouse.rows("SELECT d, FORMAT_TIMESTAMP('%F %T', t) FROM $.t ORDER BY d") == [
        (None, None),
        (date(2023, 11, 2), "2023-11-03 04:05:00"),
    ]
    for text in ("2023-11-02", "13/01/2023", "1/2/2023", "11/31/2023"):
        error, _ = failure(warehouse.load(warehouse.upload(f"d,t\n{text},\n"), schema=schema, date_format="MM/DD/YYYY"))
        assert "CSV processing encountered too many errors" in str(error)


# timestampFormat: likewise; what it does not ask for is zero, in UTC
def test_a_timestamp_format_is_the_only_one_for_timestamps(warehouse: Warehouse) -> None:
    schema = {"d": "DATE", "t": "TIMESTAMP"}
    warehouse.create_table(schema=schema, partition=None)
    warehouse.load_csv("d,t\n2023-11-02,11/03/2023\n,\n", schema=schema, timestamp_format="MM/DD/YYYY")
    assert warehouse.rows("SELECT d, FORMAT_TIMESTAMP('%F %T', t, 'UTC') FROM $.t ORDER BY d") == [
        (None, None),
        (date(2023, 11, 2), "2023-11-03 00:00:00"),
    ]
    for text in ("2023-11-02", "2023-11-02T00:00Z", "13/01/2023", "1/2/2023", "11/31/2023"):
        uri = warehouse.upload(f"d,t\n,{text}\n")
        error, _ = failure(warehouse.load(uri, schema=schema, timestamp_format="MM/DD/YYYY"))
        assert "CSV processing encountered too many errors" in str(error)


@pytest.mark.parametrize("option", ["date_format", "timestamp_format"])
@pytest.mark.parametrize("text", ["DD-MON-YYYY", "MM/DD/YY", "MM/DD", "%m/%d/%Y", "YYYY-MM-DD HH24:MI"])
def test_a_format_that_the_local_cloud_does_not_know_is_refused(warehouse: Warehouse, option: str, text: str) -> None:
    warehouse.create_table()
    sent = option.replace("_f", "F")
    with pytest.raises(BadRequest, match=f"The local cloud does not know: {sent} {text}"):
        warehouse.load(warehouse.upload(NOVEMBER), schema=None, **{option: text})


# BIGNUMERIC holds 38 digits on either side of the point: the local cloud holds 20 and 18, and says so
@pytest.mark.parametrize("text", ["0.1234567890123456789", "123456789012345678901", "1E-19", "1.5E20"])
def test_a_bignumeric_that_the_local_cloud_cannot_hold_is_refused_not_rounded(warehouse: Warehouse, text: str) -> None:
    warehouse.create_table()
    error, _ = failure(warehouse.load(warehouse.upload(f"m,i,c\n2023-11-01,a,{text}\n")))
    assert f'The local cloud cannot hold {text} of column "cost" exactly' in str(error)


# managing-partitioned-table-data: WRITE_TRUNCATE with a partition decorator replaces that partition, atomically
def test_a_load_into_a_partition_replaces_that_month_only(warehouse: Warehouse) -> None:
    warehouse.create_table()
    warehouse.load_csv(OCTOBER, "t$202310")
    warehouse.load_csv(NOVEMBER, "t$202311")
    job = warehouse.load_csv("m,i,c\n2023-11-30T23:59:59Z,new,3\n", "t$202311")
    assert job.output_rows == 1
    assert warehouse.rows("SELECT item FROM $.t ORDER BY 1") == [("new",), ("o",)]


# jobs: "The load is atomic": a job that fails changes nothing
def test_a_failed_load_leaves_the_old_month(warehouse: Warehouse) -> None:
    warehouse.create_table()
    warehouse.load_csv(NOVEMBER, "t$202311")
    schema = {**MONTHLY, "added": "STRING"}
    uri = warehouse.upload("m,i,c,x\n2023-11-01,new,oops,1\n")
    failure(warehouse.load(uri, "t$202311", schema=schema, schema_update_options=ADD))
    assert warehouse.rows("SELECT item FROM $.t ORDER BY 1") == [("a",), ("b",)]
    assert [field.name for field in warehouse.client.get_table(warehouse.name("t")).schema] == list(MONTHLY)


# message as reported in googleapis/google-cloud-go issue 942; NULL is in partition __NULL__, which is another one
@pytest.mark.parametrize("month", ["2023-12-01T00:00:00Z", ""])
def test_a_row_of_another_month_is_rejected_with_googles_sentence(warehouse: Warehouse, month: str) -> None:
    warehouse.create_table()
    error, _ = failure(warehouse.load(warehouse.upload(f"{NOVEMBER}{month},x,1\n"), "t$202311"))
    assert "Some rows belong to different partitions rather than destination partition 202311" in str(error)


def test_a_date_column_partitions_as_a_timestamp_does(warehouse: Warehouse) -> None:
    schema = {"month": "DATE", "item": "STRING"}
    warehouse.create_table(schema=schema)
    assert warehouse.load_csv("m,i\n2023-11-30,a\n", "t$202311", schema=schema).output_rows == 1
    failure(warehouse.load(warehouse.upload("m,i\n2023-12-01,a\n"), "t$202311", schema=schema))


@pytest.mark.parametrize("decorator", ["2023", "20231101", "latest"])
def test_a_decorator_must_have_the_tables_granularity(warehouse: Warehouse, decorator: str) -> None:
    warehouse.create_table()
    failure(warehouse.load(warehouse.upload(NOVEMBER), f"t${decorator}"))


# schemaUpdateOptions: "ALLOW_FIELD_ADDITION: allow adding a nullable field to the schema"
def test_new_columns_need_field_addition_and_are_null_before(warehouse: Warehouse) -> None:
    warehouse.create_table()
    warehouse.load_csv(OCTOBER, "t$202310")
    schema = {"extra": "STRING", **MONTHLY}
    uri = warehouse.upload("e,m,i,c\nnew,2023-11-01,a,1\n")
    error, _ = failure(warehouse.load(uri, "t$202311", schema=schema))
    assert "Provided Schema does not match Table" in str(error)
    assert "Cannot add fields (field: extra)" in str(error)
    warehouse.load(uri, "t$202311", schema=schema, schema_update_options=ADD).result()
    assert [field.name for field in warehouse.client.get_table(warehouse.name("t")).schema] == [*MONTHLY, "extra"]
    assert warehouse.rows("SELECT item, extra FROM $.t ORDER BY 1") == [("a", "new"), ("o", None)]


def test_a_columns_type_never_changes(warehouse: Warehouse) -> None:
    warehouse.create_table()
    error, _ = failure(warehouse.load(warehouse.upload(NOVEMBER), "t$202311", schema={**MONTHLY, "cost": "STRING"}))
    assert "Field cost has changed type from BIGNUMERIC to STRING" in str(error)


# schemaUpdateOptions: "supported in two cases: when writeDisposition is WRITE_APPEND; … WRITE_TRUNCATE and a partition"
def test_schema_update_options_are_refused_for_a_whole_table_truncate(warehouse: Warehouse) -> None:
    warehouse.create_table()
    with pytest.raises(BadRequest, match="Schema update options should only be specified"):
        warehouse.load(warehouse.upload(NOVEMBER), schema_update_options=ADD)


# createDisposition CREATE_NEVER: "The table must already exist. If it does not, a 'notFound' error is returned"
def test_a_missing_table_fails_the_job(warehouse: Warehouse) -> None:
    job = warehouse.load(warehouse.upload(NOVEMBER), "missing")
    with pytest.raises(NotFound, match=r"Not found: Table .*\.missing"):
        job.result()


# seen as "Error 404: Not found: Dataset" of jobs.insert itself (bruin-data/ingestr pull request 643)
def test_a_missing_dataset_fails_the_insert(warehouse: Warehouse) -> None:
    warehouse.dataset = "nowhere"
    with pytest.raises(NotFound, match="Not found: Dataset local-project:nowhere"):
        warehouse.load(f"gs://{warehouse.bucket}/x.csv")


def test_a_missing_file_fails_the_job_as_not_found(warehouse: Warehouse) -> None:
    warehouse.create_table()
    uri = f"gs://{warehouse.bucket}/gone.csv"
    with pytest.raises(NotFound, match=f"Not found: URI {uri}"):
        warehouse.load([warehouse.upload(NOVEMBER), uri]).result()


# loading-data-cloud-storage-csv: ZIP is not among the compressions
@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04rest", gzip.compress(NOVEMBER.encode() * 50)[:-30], b"\x1f\x8b\x08broken"],
    ids=["zip", "cut short", "broken"],
)
def test_a_file_that_cannot_be_decompressed_is_named(warehouse: Warehouse, content: bytes) -> None:
    warehouse.create_table()
    good, bad = warehouse.upload(gzip.compress(NOVEMBER.encode())), warehouse.upload(content)
    job = warehouse.load(bad if content[:2] == b"PK" else [good, bad])
    error, details = failure(job)
    assert details[0]["location"] == bad
    assert warehouse.rows("SELECT count(*) FROM $.t") == [(0,)]
    assert "Error while reading data" in str(error)


@pytest.mark.parametrize("row", ["2023-11-01,a", "2023-11-01,a,1,surplus"])
def test_rows_with_too_few_or_too_many_fields_fail_the_job(warehouse: Warehouse, row: str) -> None:
    warehouse.create_table()
    _, details = failure(warehouse.load(warehouse.upload(f"{NOVEMBER}{row}\n")))
    assert "line_number: 4" in details[1]["message"]


# maxBadRecords: "If the number of bad records exceeds this value, an invalid error is returned in the job result"
def test_bad_rows_up_to_the_limit_are_left_out(warehouse: Warehouse) -> None:
    warehouse.create_table()
    uri = warehouse.upload(f"{NOVEMBER}2023-11-01,few\n2023-11-01,x,oops\n")
    assert warehouse.load(uri, max_bad_records=2).result().output_rows == 2
    failure(warehouse.load(uri, max_bad_records=1))


# JobStatistics3.outputRows: "The number of rows imported in a load job"; not what the table then holds
def test_statistics_count_this_load_only(warehouse: Warehouse) -> None:
    warehouse.create_table()
    warehouse.load_csv(NOVEMBER, write_disposition="WRITE_APPEND")
    job = warehouse.load_csv(NOVEMBER, write_disposition="WRITE_APPEND")
    assert (job.output_rows, job.input_files, job.input_file_bytes) == (2, 1, len(NOVEMBER))
    assert warehouse.client.get_table(warehouse.name("t")).num_rows == 4


def test_a_uri_may_hold_one_wildcard(warehouse: Warehouse) -> None:
    warehouse.create_table()
    for name in ("run/a/1.csv", "run/b/2.csv", "other/3.csv"):
        warehouse.upload(NOVEMBER, name)
    assert warehouse.load(f"gs://{warehouse.bucket}/run/*.csv").result().input_files == 2


# an option that is silently ignored would be a lie told to a test
def test_an_option_that_the_local_cloud_does_not_know_is_refused(warehouse: Warehouse) -> None:
    warehouse.create_table()
    with pytest.raises(BadRequest, match="The local cloud does not know: timeZone"):
        warehouse.load(warehouse.upload(NOVEMBER), time_zone="Europe/Berlin")


# parquetOptions: what is not known is refused, like any other option
def test_a_parquet_option_that_the_local_cloud_does_not_know_is_refused(warehouse: Warehouse) -> None:
    warehouse.create_table()
    options = bigquery.ParquetOptions.from_api_repr({"enableListInference": True})
    with pytest.raises(BadRequest, match=r"does not know: parquetOptions\.enableListInference"):
        warehouse.load(warehouse.upload(NOVEMBER), source_format="PARQUET", parquet_options=options)


# loading-data-cloud-storage-csv, JSON data type: a field's text is parsed; empty is NULL, what is no JSON is an error
def test_json_is_read_from_csv_and_what_is_none_is_refused(warehouse: Warehouse) -> None:
    schema = {"month": "TIMESTAMP", "tags": "JSON"}
    warehouse.create_table(schema=schema)
    lines = ['"{""a"": ""x, y"", ""n"": 1.50}"', "", '"{}"', '"[1, null]"', '"null"']
    warehouse.load_csv("m,t\n" + "".join(f"2023-11-01,{line}\n" for line in lines), schema=schema)
    rows = warehouse.rows("SELECT TO_JSON_STRING(tags) FROM $.t WHERE tags IS NOT NULL")
    assert [json.loads(row[0]) for row in rows] == [{"a": "x, y", "n": 1.5}, {}, [1, None], None]
    job = warehouse.load(warehouse.upload("m,t\n2023-11-01,{user:team=a}\n"), schema=schema)
    assert 'column_type: JSON value: "{user:team=a}"' in failure(job)[1][1]["message"]


class TestParquet:
    @staticmethod
    def upload(warehouse: Warehouse, select: str, folder: Any) -> str:
        path = folder / f"{abs(hash(select))}.parquet"
        duckdb.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
        return warehouse.upload(path.read_bytes(), path.name)

    # loading-data-cloud-storage-parquet: columns go by name; decimalTargetTypes: the first type in the list that fits
    def test_columns_go_by_name_and_decimals_to_the_first_type_that_fits(
        self, warehouse: Warehouse, tmp_path: Any
    ) -> None:
        warehouse.create_table(schema={"month": "TIMESTAMP", "cost": "BIGNUMERIC", "price": "NUMERIC"})
        month = "TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month"
        uris = [
            self.upload(
                warehouse, f"SELECT 1.5::DECIMAL(9, 2) AS price, 0.1::DECIMAL(38, 18) AS Cost, {month}", tmp_path
            ),
            self.upload(warehouse, f"SELECT {month}, 0.2::DECIMAL(38, 18) AS cost, 'x' AS added", tmp_path),
        ]
        options: dict[str, Any] = {
            "source_format": "PARQUET",
            "decimal_target_types": ["NUMERIC", "BIGNUMERIC"],
            "schema": None,
        }
        failure(warehouse.load(uris, "t$202311", **options))
        warehouse.load(uris, "t$202311", schema_update_options=ADD, **options).result()
        rows = warehouse.rows("SELECT cost, price, added FROM $.t ORDER BY cost")
        assert rows == [(Decimal("0.1"), Decimal("1.5"), None), (Decimal("0.2"), None, "x")]

    # parquetOptions.mapTargetType ARRAY_OF_STRUCT: "REPEATED RECORD <map> { key, value }"; a null array is an empty one
    def test_a_map_becomes_a_repeated_record_of_key_and_value(self, warehouse: Warehouse, tmp_path: Any) -> None:
        select = (
            "SELECT TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month, MAP {'a': 'x', 'b': NULL} AS tags,"
            " MAP {'d': 0.5::DOUBLE} AS discounts UNION ALL SELECT month, MAP {}, NULL FROM"
            " (SELECT TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month)"
        )
        uri = self.upload(warehouse, select, tmp_path)
        options: dict[str, Any] = {"source_format": "PARQUET", "schema": None, "schema_update_options": ADD}
        warehouse.create_table(schema={"month": "TIMESTAMP"})
        error, _ = failure(warehouse.load(uri, "t$202311", **options))
        assert "mapTargetType ARRAY_OF_STRUCT only" in str(error)
        maps = bigquery.ParquetOptions.from_api_repr({"mapTargetType": "ARRAY_OF_STRUCT"})
        warehouse.load(uri, "t$202311", parquet_options=maps, **options).result()
        fields = {field.name: field for field in warehouse.client.get_table(warehouse.name("t")).schema}
        assert [
            (fields[name].field_type, fields[name].mode, [(part.name, part.field_type) for part in fields[name].fields])
            for name in ("tags", "discounts")
        ] == [
            ("RECORD", "REPEATED", [("key", "STRING"), ("value", "STRING")]),
            ("RECORD", "REPEATED", [("key", "STRING"), ("value", "FLOAT")]),
        ]
        assert warehouse.rows("SELECT tags, discounts FROM $.t ORDER BY ARRAY_LENGTH(tags)") == [
            ([], []),
            ([{"key": "a", "value": "x"}, {"key": "b", "value": None}], [{"key": "d", "value": 0.5}]),
        ]

    # a map's key and value keep their types like any other field
    def test_a_map_s_value_never_changes_its_type(self, warehouse: Warehouse, tmp_path: Any) -> None:
        maps = bigquery.ParquetOptions.from_api_repr({"mapTargetType": "ARRAY_OF_STRUCT"})
        options: dict[str, Any] = {"source_format": "PARQUET", "schema": None, "schema_update_options": ADD}
        warehouse.create_table(schema={"month": "TIMESTAMP"})
        month = "TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month"
        text, number = (
            self.upload(warehouse, f"SELECT {month}, MAP {{'a': {value}}} AS tags", tmp_path)
            for value in ("'x'", "1.5::DOUBLE")
        )
        warehouse.load(text, "t$202311", parquet_options=maps, **options).result()
        error, _ = failure(warehouse.load(number, "t$202311", parquet_options=maps, **options))
        assert "Field value has changed type from STRING to FLOAT" in str(error)

    # hivePartitioningOptions: only when it is set are folders like year=2023 columns
    def test_folders_are_no_columns(self, warehouse: Warehouse, tmp_path: Any) -> None:
        warehouse.create_table(schema={"month": "TIMESTAMP"})
        path = tmp_path / "x.parquet"
        duckdb.execute(f"COPY (SELECT TIMESTAMPTZ '2023-11-01 00:00:00+00' AS month) TO '{path}' (FORMAT parquet)")
        uri = warehouse.upload(path.read_bytes(), "data/year=2023/BILLING_PERIOD=2023-11/x.parquet")
        warehouse.load(uri, "t$202311", source_format="PARQUET", schema=None).result()
        assert [field.name for field in warehouse.client.get_table(warehouse.name("t")).schema] == ["month"]

    def test_rows_of_another_month_are_rejected(self, warehouse: Warehouse, tmp_path: Any) -> None:
        warehouse.create_table(schema={"month": "TIMESTAMP"})
        uri = self.upload(warehouse, "SELECT TIMESTAMPTZ '2023-12-01 00:00:00+00' AS month", tmp_path)
        error, _ = failure(warehouse.load(uri, "t$202311", source_format="PARQUET", schema=None))
        assert "Some rows belong to different partitions" in str(error)


# jobs.insert: a job id is used once; "409 Already Exists"
def test_a_job_id_is_used_once_by_loads_and_queries(warehouse: Warehouse, emulator: Emulator) -> None:
    warehouse.create_table()
    job_id = f"{warehouse.dataset}_once"
    uri = warehouse.upload(NOVEMBER)
    warehouse.load(uri, job_id=job_id).result()
    with pytest.raises(Conflict, match=f"Already Exists: Job {emulator.project}:{emulator.location}.{job_id}"):
        warehouse.load(uri, job_id=job_id)
    with pytest.raises(Conflict):
        warehouse.client._connection.api_request(
            method="POST",
            path=f"/projects/{emulator.project}/jobs",
            data={"jobReference": {"jobId": job_id}, "configuration": {"query": {"query": "SELECT 1"}}},
        )
