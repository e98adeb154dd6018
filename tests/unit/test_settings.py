"""The settings are read as a whole, or rejected with a message that names the variable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from billing.formats import FORMATS
from billing.settings import SOURCE_FIELDS, Settings, Source, read_settings
from tests.unit.values import ENVIRONMENT, aws, error_of, settings

NOWHERE = Path("/nowhere")
AWS = Source(
    key="aws_cur",
    bucket="example-landing-aws",
    prefix="gcs-transfer/aws_cur/",
    source_path="cur/",
    format_name="aws_cur_v1_csv",
    export_name="cur-demo",
    project="example-project",
    dataset="billing",
    table="aws_cur",
    type_overrides={},
    settle_hours=3.0,
)
AZURE = Source(
    key="azure_billing",
    bucket="example-landing-azure",
    prefix="azure/",
    source_path="",
    format_name="azure_focus_parquet",
    export_name="focus-cost",
    project="example-project",
    dataset="billing",
    table="azure_focus",
    type_overrides={},
    settle_hours=3.0,
)
TOML = """
bookkeeping_bucket = "example-books"

[destination.bigquery]
project_id = "example-project"
location = "europe-west1"

[sources.aws_cur]
bucket = "example-landing-aws"
prefix = "gcs-transfer/aws_cur/"
source_path = "cur/"
format = "aws_cur_v1_csv"
export_name = "cur-demo"
dataset = "billing"
table_name = "aws_cur"
settle_hours = 1.5
type_overrides = { "product/ECU" = "int64" }

[runtime]
log_level = "INFO"
"""


def with_variables(**changes: str) -> dict[str, str]:
    return {**ENVIRONMENT, **changes}


def without_variables(prefix: str) -> dict[str, str]:
    return {name: value for name, value in ENVIRONMENT.items() if not name.startswith(prefix)}


def with_key(key: str) -> dict[str, str]:
    """Return the environment with another key for the AWS source."""
    return {name.replace("AWS_CUR", key): value for name, value in ENVIRONMENT.items()}


def folder_with(folder: Path, toml: str | bytes) -> Path:
    (folder / ".dlt").mkdir()
    (folder / ".dlt" / "config.toml").write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    return folder


def test_environment_gives_every_setting() -> None:
    assert read_settings(ENVIRONMENT, NOWHERE) == Settings(
        project="example-project", location="europe-west1", bookkeeping_bucket="example-books", sources=(AWS, AZURE)
    )


def test_source_has_destination_and_format() -> None:
    assert (AWS.destination, AWS.format) == ("example-project.billing.aws_cur", FORMATS["aws_cur_v1_csv"])


def test_sources_are_found_by_provider() -> None:
    assert [settings().of_provider(name) for name in ("aws", "azure", "gcp")] == [(AWS,), (AZURE,), ()]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"PREFIX": "", "SOURCE_PATH": ""}, replace(AWS, prefix="", source_path="")),
        ({"PROJECT_ID": "another-project"}, replace(AWS, project="another-project")),
        ({"SETTLE_HOURS": "0"}, replace(AWS, settle_hours=0.0)),
        ({"SETTLE_HOURS": "168"}, replace(AWS, settle_hours=168.0)),
        ({"SHRINK_PERCENT": "2.5"}, replace(AWS, shrink_percent=2.5)),
        ({"SHRINK_PERCENT": ""}, replace(AWS, shrink_percent=20)),
        ({"ON_SHRINK": "hold"}, replace(AWS, holds_shrinking=True)),
        ({"ON_SHRINK": "alert"}, replace(AWS, holds_shrinking=False)),
        (
            {"TYPE_OVERRIDES": '{"product/ECU": "String", "a/b": "int64", "a/c": "Bool", "a/d": "FLOAT64"}'},
            replace(AWS, type_overrides={"product/ECU": "STRING", "a/b": "INTEGER", "a/c": "BOOLEAN", "a/d": "FLOAT"}),
        ),
    ],
)
def test_optional_settings_are_used(changes: dict[str, str], expected: Source) -> None:
    assert aws(**changes) == expected


def test_one_provider_may_have_several_sources_with_any_keys() -> None:
    second = {
        **{name: value for name, value in with_key("ACME_2").items() if "ACME_2" in name},
        "SOURCES__ACME_2__PREFIX": "gcs-transfer/acme/",
        "SOURCES__ACME_2__TABLE_NAME": "acme_2",
    }

    found = read_settings(with_variables(**second), NOWHERE)

    assert [source.key for source in found.sources] == ["acme_2", "aws_cur", "azure_billing"]


@pytest.mark.parametrize(
    "variable",
    [
        "DESTINATION__BIGQUERY__PROJECT_ID",
        "DESTINATION__BIGQUERY__LOCATION",
        "BOOKKEEPING_BUCKET",
        "SOURCES__AWS_CUR__BUCKET",
        "SOURCES__AWS_CUR__FORMAT",
        "SOURCES__AWS_CUR__EXPORT_NAME",
        "SOURCES__AWS_CUR__DATASET",
        "SOURCES__AWS_CUR__TABLE_NAME",
    ],
)
@pytest.mark.parametrize("state", ["missing", "empty"])
def test_missing_or_empty_variable_is_named(variable: str, state: str) -> None:
    environment = without_variables(variable) if state == "missing" else with_variables(**{variable: ""})

    assert error_of(read_settings, environment, NOWHERE) == f"SETTING_MISSING: {variable} is not set."


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        ("SOURCES__AWS_CUR__PREFIX", "SOURCES__AWS_CUR__PREFIX is not set: set it to '' for the whole bucket."),
        ("SOURCES__", "No source is configured: set SOURCES__<KEY>__BUCKET and its other fields."),
    ],
    ids=["a prefix", "all sources"],
)
def test_missing_prefix_or_source_has_its_own_message(removed: str, message: str) -> None:
    assert error_of(read_settings, without_variables(removed), NOWHERE) == f"SETTING_MISSING: {message}"


NAME_RULE = "must match [a-z][a-z0-9]*(_[a-z0-9]+)*, but is"
BUCKET_RULE = "must match [a-z0-9][-_.a-z0-9]{1,220}[a-z0-9], but is"
KEY_RULE = "the key must look like AWS_CUR and have at most 40 characters, but is"
PATH_RULE = "must end in '/' and not begin with it, but is"
NO_WILDCARD = "must have no * and no control character (BigQuery cannot read files under such a path), but is"
NAME_AT_PROVIDER = "must have no space, no control character and none of / * ? [ ] #, but is"
UNKNOWN_FIELD = "is not a known source setting. Known fields: BUCKET, DATASET, "


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DESTINATION__BIGQUERY__PROJECT_ID", "A", " must match [a-z][-a-z0-9:.]{4,61}[a-z0-9], but is 'A'."),
        ("BOOKKEEPING_BUCKET", "gs://x", f" {BUCKET_RULE} 'gs://x'."),
        ("SOURCES__AWS_CUR__BUCKET", "a b", f" {BUCKET_RULE} 'a b'."),
        ("SOURCES__AWS_CUR__DATASET", "Billing", f" {NAME_RULE} 'Billing'."),
        ("SOURCES__AWS_CUR__TABLE_NAME", "a__b", f" {NAME_RULE} 'a__b'."),
        ("SOURCES__AWS_CUR__TABLE_NAME", "a\n", f" {NAME_RULE} 'a '."),
        ("SOURCES__AWS_CUR__PREFIX", "aws", f" {PATH_RULE} 'aws'."),
        ("SOURCES__AWS_CUR__PREFIX", "/aws/", f" {PATH_RULE} '/aws/'."),
        ("SOURCES__AWS_CUR__SOURCE_PATH", "cur", f" {PATH_RULE} 'cur'."),
        ("SOURCES__AWS_CUR__PREFIX", "a*/", f" {NO_WILDCARD} 'a*/'."),
        ("SOURCES__AWS_CUR__SOURCE_PATH", "a\x1b/", f" {NO_WILDCARD} 'a\\x1b/'."),
        ("SOURCES__AWS_CUR__EXPORT_NAME", "cur 1", f" {NAME_AT_PROVIDER} 'cur 1': use the name that the provider"),
        (
            "SOURCES__AWS_CUR__EXPORT_NAME",
            "cur\udcff",
            f" {NAME_AT_PROVIDER} 'cur\\udcff': use the name that the provider",
        ),
        (
            "SOURCES__AWS_CUR__EXPORT_NAME",
            "acme-*",
            f" {NAME_AT_PROVIDER} 'acme-*': create the export again with another name, because BigQuery reads * as",
        ),
        ("DESTINATION__BIGQUERY__LOCATION", "a b", " must match [A-Za-z][A-Za-z0-9-]{1,60}, but is 'a b'."),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", "[" * 100_000, " is not valid JSON: "),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", f'{{"a": {"1" * 5000}}}', " is not valid JSON: "),
        ("SOURCES__AWS_CUR__FORMAT", "csv", f" must be one of {', '.join(FORMATS)}, but is 'csv'."),
        ("SOURCES__AWS_CUR__SETTLE_HOURS", "-1", " must be hours from 0 to 168, but is '-1'."),
        ("SOURCES__AWS_CUR__SETTLE_HOURS", "nan", " must be hours from 0 to 168, but is 'nan'."),
        ("SOURCES__AWS_CUR__SETTLE_HOURS", "3h", " must be hours from 0 to 168, but is '3h'."),
        ("SOURCES__AWS_CUR__SHRINK_PERCENT", "-1", " must be a percentage from 0 to 100, but is '-1'."),
        ("SOURCES__AWS_CUR__SHRINK_PERCENT", "20%", " must be a percentage from 0 to 100, but is '20%'."),
        ("SOURCES__AWS_CUR__ON_SHRINK", "stop", " must be one of alert, hold, but is 'stop'."),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", "{", " is not valid JSON: Expecting property name enclosed in double"),
        (
            "SOURCES__AWS_CUR__TYPE_OVERRIDES",
            '{"a": "STRING", "a": "DATE"}',
            " is not valid JSON: it has 'a' more than once.",
        ),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", "[]", ' must be like {"product/ECU": "STRING"}, but is [].'),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", '{"a": 1}', ' must be like {"product/ECU": "STRING"}, but is {"a": 1}.'),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", '{"a": "MONEY"}', ": 'MONEY' of a is not one of "),
        ("SOURCES__AWS_CUR__BUCKETS", "x", f" {UNKNOWN_FIELD}"),
        ("SOURCES__AWS_CUR", "x", f" {UNKNOWN_FIELD}"),
        ("SOURCES__AWS__CUR__BUCKET", "x", f" {UNKNOWN_FIELD}"),
        ("SOURCES__aws__BUCKET", "x", f": {KEY_RULE} 'aws'."),  # dlt would rename it
        (f"SOURCES__{'A' * 41}__BUCKET", "x", f": {KEY_RULE} '{'A' * 41}'."),
        ("SOURCES__AWS_CUR__TABLE_NAME", "billing_status", " billing_status is the name of a view: use another."),
        ("BOOKKEEPING_BUCKET", AWS.bucket, " example-landing-aws is a landing bucket: use another."),
    ],
)
def test_invalid_value_is_rejected_with_its_variable(variable: str, value: str, message: str) -> None:
    error = error_of(read_settings, with_variables(**{variable: value}), NOWHERE)

    assert error.startswith(f"SETTING_INVALID: {variable}{message}")


def test_key_of_google_clouds_own_export_is_reserved() -> None:
    assert error_of(read_settings, with_key("GOOGLE_BILLING"), NOWHERE) == (
        "SETTING_INVALID: SOURCES__GOOGLE_BILLING__BUCKET: the key GOOGLE_BILLING is reserved for Google Cloud's own"
        " export: use another, such as GCP_BILLING."
    )


TABLE_NAMES = "SOURCES__AWS_CUR__TABLE_NAME and SOURCES__AZURE_BILLING__TABLE_NAME"
SAME_PREFIX = (
    "SOURCES__AWS_CUR__PREFIX and SOURCES__AZURE_BILLING__PREFIX overlap in bucket example-landing-azure:"
    " change one of them."
)


@pytest.mark.fault("F35")
@pytest.mark.parametrize(
    ("aws_fields", "azure_table", "message"),
    [
        *(
            (
                {"TABLE_NAME": f"azure_focus{suffix}"},
                "azure_focus",
                f"{TABLE_NAMES} both use the table example-project.billing.azure_focus{suffix}: rename one of them.",
            )
            for suffix in ("", "_load_tracking", "_loads")
        ),
        (
            {"FORMAT": "aws_focus_csv"},  # has maps, so its table has a view of charges
            "aws_cur_charges",
            f"{TABLE_NAMES} both use the table example-project.billing.aws_cur_charges: rename one of them.",
        ),
        ({"BUCKET": "example-landing-azure", "PREFIX": "azure/cur/"}, "azure_focus", SAME_PREFIX),
        ({"BUCKET": "example-landing-azure", "PREFIX": ""}, "azure_focus", SAME_PREFIX),
        ({"BUCKET": "example-landing-azure", "PREFIX": "azure/"}, "azure_focus", SAME_PREFIX),
    ],
)
def test_two_sources_with_one_table_or_prefix_are_rejected(
    aws_fields: dict[str, str], azure_table: str, message: str
) -> None:
    variables = {f"SOURCES__AWS_CUR__{name}": value for name, value in aws_fields.items()}
    variables["SOURCES__AZURE_BILLING__TABLE_NAME"] = azure_table

    assert error_of(read_settings, with_variables(**variables), NOWHERE) == f"SETTING_INVALID: {message}"


@pytest.mark.parametrize(
    ("aws_fields", "azure_table"),
    [
        ({"BUCKET": "example-landing-azure", "PREFIX": "azure-cur/"}, "azure_focus"),
        ({"DATASET": "other", "TABLE_NAME": "azure_focus"}, "azure_focus"),
        ({"PROJECT_ID": "another-project", "TABLE_NAME": "azure_focus"}, "azure_focus"),
        ({}, "aws_cur_charges"),  # aws_cur_v1_csv has no maps, so there is no view of this name
    ],
)
def test_two_sources_with_similar_names_are_accepted(aws_fields: dict[str, str], azure_table: str) -> None:
    variables = {f"SOURCES__AWS_CUR__{name}": value for name, value in aws_fields.items()}
    variables["SOURCES__AZURE_BILLING__TABLE_NAME"] = azure_table

    assert len(settings(**variables).sources) == 2


def test_dlts_configuration_file_is_read(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, TOML)

    assert read_settings({}, folder) == Settings(
        project="example-project",
        location="europe-west1",
        bookkeeping_bucket="example-books",
        sources=(replace(AWS, settle_hours=1.5, type_overrides={"product/ECU": "INTEGER"}),),
    )


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, TOML)

    found = read_settings({"SOURCES__AWS_CUR__TABLE_NAME": "mine"}, folder)

    assert [source.table for source in found.sources] == ["mine"]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[sources", "{folder}/.dlt/config.toml is not valid TOML: "),
        (b'bookkeeping_bucket = "\xff"', "{folder}/.dlt/config.toml is not valid TOML: "),
        (
            TOML.replace('"int64"', "2025-09-01"),
            "SOURCES__AWS_CUR__TYPE_OVERRIDES in {folder}/.dlt/config.toml has a date or time for product/ECU: ",
        ),
    ],
    ids=["no TOML", "no UTF-8", "no type"],
)
def test_invalid_file_is_rejected(tmp_path: Path, toml: str | bytes, message: str) -> None:
    folder = folder_with(tmp_path, toml)

    error = error_of(read_settings, {}, folder)

    assert error.startswith(f"SETTING_INVALID: {message.format(folder=folder)}")


@pytest.mark.parametrize(
    "content",
    ["[sources", "x = [", "x = " + "[" * 100_000, f"x = {'9' * 5000}", b"\xff\xfe", b"\0"],
    ids=["table", "array", "nested", "digits", "no UTF-8", "NUL"],
)
def test_file_that_is_no_toml_is_named(tmp_path: Path, content: str | bytes) -> None:
    folder = folder_with(tmp_path, content)

    error = error_of(read_settings, ENVIRONMENT, folder)

    assert error.startswith(f"SETTING_INVALID: {folder}/.dlt/config.toml is not valid TOML: ")


def test_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".dlt" / "config.toml").mkdir(parents=True)

    error = error_of(read_settings, ENVIRONMENT, tmp_path)

    fix = "make it a file that you can read, or remove it"
    assert error == f"SETTING_INVALID: {tmp_path}/.dlt/config.toml cannot be read (Is a directory): {fix}."


TABLES = ("destination", "destination.bigquery", "sources", "sources.aws_cur")
NUMBERS = ("sources.aws_cur.settle_hours", "sources.aws_cur.shrink_percent")
OVERRIDES = "sources.aws_cur.type_overrides"
TEXTS = sorted(
    {
        *("bookkeeping_bucket", "focus_dataset", "google_billing_export"),
        *("destination.bigquery.location", "destination.bigquery.project_id"),
        *(f"sources.aws_cur.{field.lower()}" for field in SOURCE_FIELDS),
    }
    - {*NUMBERS, OVERRIDES}
)
VALUES = {
    "an array": ['["a"]', "[]", "[{}]"],
    "true or false": ["true"],
    "a number": ["7", "1.5", "nan"],
    "a date or time": ["2025-09-01", "2025-09-01T00:00:00Z"],
    "a table": ['{ x = "y" }'],
    "text": ['"a b"'],
}


def wrong_entries() -> list[tuple[str, str, str]]:
    """Return each entry with every value that has not its type, and the name of that type."""
    allowed = {
        **{key: {"a table"} for key in TABLES},
        **{key: {"a number", "text"} for key in NUMBERS},
        OVERRIDES: {"a table"},
        **{key: {"text"} for key in TEXTS},
    }
    return [
        (entry, value, kind)
        for entry, fitting in allowed.items()
        for kind, values in VALUES.items()
        for value in values
        if kind not in fitting
    ]


def toml_with(entry: str, value: str) -> str:
    """Return a valid file in which one entry has another value. All entries are dotted keys."""
    entries = {
        "bookkeeping_bucket": '"example-books"',
        "destination.bigquery.project_id": '"example-project"',
        "destination.bigquery.location": '"europe-west1"',
        **{
            f"sources.aws_cur.{name.rpartition('__')[2].lower()}": f'"{text}"'
            for name, text in ENVIRONMENT.items()
            if "AWS_CUR" in name
        },
    }
    others = {name: text for name, text in entries.items() if not f"{name}.".startswith(f"{entry}.")}
    return "\n".join(f"{name} = {text}" for name, text in {entry: value, **others}.items())


@pytest.mark.parametrize(("entry", "value", "kind"), wrong_entries())
def test_entry_of_a_wrong_type_is_named_with_its_file(tmp_path: Path, entry: str, value: str, kind: str) -> None:
    folder = folder_with(tmp_path, toml_with(entry, value))

    error = error_of(read_settings, {}, folder)

    variable = entry.upper().replace(".", "__")
    assert error.startswith(f"SETTING_INVALID: {variable} in {folder}/.dlt/config.toml is {kind}: write ")


@pytest.mark.parametrize("value", ["a b", "['a']", "a/*", "\udcff", "\x1b[2J", "\n", "\u202e"])
@pytest.mark.parametrize("entry", [*TEXTS, *NUMBERS, OVERRIDES])
def test_variable_with_hostile_text_is_named(entry: str, value: str) -> None:
    variable = entry.upper().replace(".", "__")

    error = error_of(read_settings, with_variables(**{variable: value}), NOWHERE)

    assert error.startswith(f"SETTING_INVALID: {variable}")
    assert error.isprintable()


@pytest.mark.parametrize(
    ("toml", "variable"),
    [
        ("[sources.aws_cur]\n[sources.AWS_CUR]\n", "SOURCES__AWS_CUR__BUCKET in {file} is set twice"),
        ("[sources.other]\n", "SOURCES__OTHER__PREFIX is not set"),
    ],
    ids=["twice", "empty"],
)
def test_source_without_effect_is_noticed(tmp_path: Path, toml: str, variable: str) -> None:
    folder = folder_with(tmp_path, toml)

    error = error_of(read_settings, ENVIRONMENT, folder)

    assert variable.format(file=folder / ".dlt" / "config.toml") in error


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"BUCKET": "moved-landing"}, True),
        ({"PREFIX": "other/"}, False),
        ({"SOURCE_PATH": "other/"}, False),
        ({"EXPORT_NAME": "other"}, False),
        ({"TABLE_NAME": "other"}, False),
        ({"TYPE_OVERRIDES": '{"product/ECU": "STRING"}'}, False),
        ({"SETTLE_HOURS": "1"}, False),
        ({"SHRINK_PERCENT": "30"}, True),
        ({"ON_SHRINK": "hold"}, False),
    ],
)
def test_fingerprint_changes_with_a_setting(changes: dict[str, str], *, same: bool) -> None:
    assert (aws(**changes).fingerprint == aws().fingerprint) is same


def test_held_delivery_is_tried_again_with_another_percentage() -> None:
    one, other = (aws(ON_SHRINK="hold", SHRINK_PERCENT=percent) for percent in ("20", "30"))

    assert one.fingerprint != other.fingerprint


def test_fingerprint_changes_with_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = aws().fingerprint

    monkeypatch.setattr("billing.settings.__version__", "99.0.0")

    assert aws().fingerprint != before


def test_fingerprint_ignores_the_order_of_overrides() -> None:
    one, other = '{"a": "STRING", "b": "DATE"}', '{"b": "DATE", "a": "STRING"}'

    assert aws(TYPE_OVERRIDES=one).fingerprint == aws(TYPE_OVERRIDES=other).fingerprint
