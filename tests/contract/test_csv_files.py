"""How load jobs read CSV files."""

from __future__ import annotations

import gzip
import json
from datetime import date
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest

from tests.contract.emulator_dataset import EmulatorDataset, failure

NOVEMBER_CSV = "month,item,cost\n2023-11-01T00:00:00Z,a,1.5\n2023-11-01T00:00:00.000Z,b,2.5\n"
OCTOBER_CSV = "month,item,cost\n2023-10-01T00:00:00Z,o,9\n"
ADD = ["ALLOW_FIELD_ADDITION"]


# Job.configuration.load.sourceColumnMatch: POSITION "assumes columns are ordered the same way as the schema"
def test_columns_are_read_by_position_in_the_schema(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    schema = {"item": "STRING", "cost": "BIGNUMERIC", "month": "TIMESTAMP"}

    dataset.load_csv("x,y,z\na,1,2023-11-01T00:00:00Z\n", schema=schema)

    assert dataset.rows("SELECT item, cost FROM $.t") == [("a", Decimal(1))]


# sourceColumnMatch: NAME "reads the header row as column names and reorders columns to match"
def test_columns_are_read_by_header_if_asked_for(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    files = [
        dataset.upload("cost,month,item\n1,2023-11-01,a\n"),
        dataset.upload("item,cost,month\nb,2,2023-11-01\n"),
    ]

    dataset.load(files, source_column_match="NAME").result()

    assert dataset.rows("SELECT item, cost FROM $.t ORDER BY 1") == [("a", Decimal(1)), ("b", Decimal(2))]


# skipLeadingRows: "The number of rows at the top of a CSV file that BigQuery will skip" - of each file
def test_leading_rows_are_skipped_in_every_file(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    job = dataset.load([dataset.upload(NOVEMBER_CSV), dataset.upload(OCTOBER_CSV)])

    assert (job.result().output_rows, job.input_files) == (3, 2)


# loading-data-cloud-storage-csv: "If you use gzip compression, BigQuery cannot read the data in parallel"
def test_gzip_is_recognised_by_content(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    uri = dataset.upload(gzip.compress(NOVEMBER_CSV.encode()), "billing/without-a-suffix")

    assert dataset.load(uri).result().output_rows == 2


# loading-data-cloud-storage-csv: "You cannot include both compressed and uncompressed files in the same load job"
def test_compressed_and_plain_files_cannot_be_mixed(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    uris = [dataset.upload(NOVEMBER_CSV), dataset.upload(gzip.compress(NOVEMBER_CSV.encode()))]

    error, _ = failure(dataset.load(uris))

    assert "ompressed" in error


# allowQuotedNewlines: "quoted data sections that contain newline characters in a CSV file. The default value is false"
@pytest.mark.parametrize("allowed", [True, False])
def test_quoted_newlines_must_be_allowed(dataset: EmulatorDataset, allowed: bool) -> None:
    dataset.create_table()
    job = dataset.load(dataset.upload('m,i,c\n2023-11-01,"two\nlines",1\n'), allow_quoted_newlines=allowed)
    if allowed:
        job.result()
        assert dataset.rows("SELECT item FROM $.t") == [("two\nlines",)]
    else:
        assert "Missing close quote character" in failure(job)[1][1]["message"]


# nullMarker: "The default value is the empty string"; a quoted empty string is text, as RFC 4180 has it
def test_empty_field_is_null_and_quoted_empty_string_is_not(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    dataset.load_csv('m,i,c\n2023-11-01,,\n2023-11-01,"",2\n')

    assert dataset.rows("SELECT item, cost FROM $.t ORDER BY cost NULLS FIRST") == [(None, None), ("", Decimal(2))]


# nullMarker: "If you set this property to a custom value, BigQuery throws an error if an empty string is present"
def test_empty_number_is_an_error_with_a_null_marker(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    dataset.load_csv("m,i,c\n2023-11-01,\\N,\\N\n", null_marker="\\N")

    assert dataset.rows("SELECT item, cost FROM $.t") == [(None, None)]
    failure(dataset.load(dataset.upload("m,i,c\n2023-11-01,,\n"), null_marker="\\N"))


# nullMarker: a quoted empty string is no NULL, so it is no number either
def test_quoted_empty_string_is_no_number(dataset: EmulatorDataset) -> None:
    dataset.create_table()

    _, details = failure(dataset.load(dataset.upload('m,i,c\n2023-11-01,a,""\n')))

    assert 'column_name: "cost" column_type: BIGNUMERIC value: ""' in details[1]["message"]


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
def test_values_are_read_exactly(dataset: EmulatorDataset, kind: str, text: str, value: object) -> None:
    dataset.create_table(schema={"x": kind}, partition=None)

    dataset.load_csv(f"x\n{text}\n", schema={"x": kind})

    assert dataset.rows("SELECT x FROM $.t") == [(value,)]


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
def test_timestamp_spellings_mean_the_same_moment(dataset: EmulatorDataset, text: str) -> None:
    dataset.create_table()

    dataset.load_csv(f"m,i,c\n{text},a,1\n")

    assert dataset.rows("SELECT FORMAT_TIMESTAMP('%Y-%m-%d %H:%M:%S', month) FROM $.t") == [("2023-11-01 00:00:00",)]


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
def test_unfit_value_is_named_with_its_column_and_file(dataset: EmulatorDataset, kind: str, text: str) -> None:
    dataset.create_table(schema={"a": "STRING", "x": kind}, partition=None)
    uri = dataset.upload(f'a,x\nfine,\nbad,"{text}"\n')
    error, details = failure(dataset.load(uri, schema={"a": "STRING", "x": kind}))

    sql_name = kind.replace("INTEGER", "INT64")

    assert "CSV processing encountered too many errors, giving up. Rows: 3; errors: 1; max bad: 0" in error
    assert [entry["location"] for entry in details] == [uri, uri]
    assert (
        f'Unable to parse; line_number: 3 column_index: 1 column_name: "x" column_type: {sql_name}'
        in details[1]["message"]
    )
    assert f'value: "{text}" File: {uri}' in details[1]["message"]


# dateFormat, timestampFormat: "If this value is present, this format is the only compatible format"; two digits each
@pytest.mark.parametrize(
    ("option", "row", "moment", "other_spellings"),
    [
        (
            "date_format",
            "{},2023-11-03T04:05Z",
            "2023-11-03 04:05:00",
            ["2023-11-02", "13/01/2023", "1/2/2023", "11/31/2023"],
        ),
        (
            "timestamp_format",
            "2023-11-02,{}",
            "2023-11-02 00:00:00",
            ["2023-11-02", "2023-11-02T00:00Z", "13/01/2023", "1/2/2023", "11/31/2023"],
        ),
    ],
)
def test_format_option_allows_no_other_spelling(
    dataset: EmulatorDataset, option: str, row: str, moment: str, other_spellings: list[str]
) -> None:
    schema, options = {"d": "DATE", "t": "TIMESTAMP"}, {option: "MM/DD/YYYY"}
    dataset.create_table(schema=schema, partition=None)

    dataset.load_csv(f"d,t\n{row.format('11/02/2023')}\n,\n", schema=schema, **options)

    loaded = dataset.rows("SELECT d, FORMAT_TIMESTAMP('%F %T', t, 'UTC') FROM $.t ORDER BY d")
    assert loaded == [(None, None), (date(2023, 11, 2), moment)]
    for text in other_spellings:
        uri = dataset.upload(f"d,t\n{row.format(text)}\n")
        error, _ = failure(dataset.load(uri, schema=schema, **options))
        assert "CSV processing encountered too many errors" in error


@pytest.mark.only_local("the emulator refuses formats that Google knows")
@pytest.mark.parametrize("option", ["date_format", "timestamp_format"])
@pytest.mark.parametrize("text", ["DD-MON-YYYY", "MM/DD/YY", "MM/DD", "%m/%d/%Y", "YYYY-MM-DD HH24:MI"])
def test_unknown_date_format_is_rejected(dataset: EmulatorDataset, option: str, text: str) -> None:
    dataset.create_table()

    sent = option.replace("_f", "F")

    with pytest.raises(BadRequest, match=f"does not know: {sent} {text}"):
        dataset.load(dataset.upload(NOVEMBER_CSV), schema=None, **{option: text})


# loading-data-cloud-storage-csv: ZIP is not among the compressions
@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04rest", gzip.compress(NOVEMBER_CSV.encode() * 50)[:-30], b"\x1f\x8b\x08broken"],
    ids=["zip", "cut short", "broken"],
)
def test_file_that_cannot_be_decompressed_is_named(dataset: EmulatorDataset, content: bytes) -> None:
    dataset.create_table()
    good, bad = dataset.upload(gzip.compress(NOVEMBER_CSV.encode())), dataset.upload(content)
    job = dataset.load(bad if content[:2] == b"PK" else [good, bad])

    error, details = failure(job)

    assert details[0]["location"] == bad
    assert dataset.rows("SELECT count(*) FROM $.t") == [(0,)]
    assert "Error while reading data" in error


@pytest.mark.parametrize("row", ["2023-11-01,a", "2023-11-01,a,1,surplus"])
def test_row_with_too_few_or_many_fields_fails_the_job(dataset: EmulatorDataset, row: str) -> None:
    dataset.create_table()

    _, details = failure(dataset.load(dataset.upload(f"{NOVEMBER_CSV}{row}\n")))

    assert "line_number: 4" in details[1]["message"]


# maxBadRecords: "If the number of bad records exceeds this value, an invalid error is returned in the job result"
def test_bad_rows_up_to_the_limit_are_left_out(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    uri = dataset.upload(f"{NOVEMBER_CSV}2023-11-01,few\n2023-11-01,x,oops\n")

    assert dataset.load(uri, max_bad_records=2).result().output_rows == 2
    failure(dataset.load(uri, max_bad_records=1))


# loading-data-cloud-storage-csv, JSON data type: a field's text is parsed; empty is NULL, what is no JSON is an error
def test_json_is_read_and_other_text_fails_the_job(dataset: EmulatorDataset) -> None:
    schema = {"month": "TIMESTAMP", "tags": "JSON"}
    dataset.create_table(schema=schema)
    lines = ['"{""a"": ""x, y"", ""n"": 1.50}"', "", '"{}"', '"[1, null]"', '"null"']
    dataset.load_csv("m,t\n" + "".join(f"2023-11-01,{line}\n" for line in lines), schema=schema)
    rows = dataset.rows("SELECT TO_JSON_STRING(tags) FROM $.t WHERE tags IS NOT NULL")
    assert [json.loads(row[0]) for row in rows] == [{"a": "x, y", "n": 1.5}, {}, [1, None], None]

    job = dataset.load(dataset.upload("m,t\n2023-11-01,{user:team=a}\n"), schema=schema)

    assert 'column_type: JSON value: "{user:team=a}"' in failure(job)[1][1]["message"]
