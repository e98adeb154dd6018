"""The settings: read whole, or refused with a sentence that names the variable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from billing.errors import BillingError
from billing.formats import FORMATS
from billing.settings import Settings, Source, read_settings
from tests.unit.values import ENVIRONMENT, aws, settings

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


def toml(folder: Path, text: str) -> Path:
    (folder / ".dlt").mkdir()
    (folder / ".dlt" / "config.toml").write_text(text, encoding="utf-8")
    return folder


def refusal(environment: dict[str, str], folder: Path = NOWHERE) -> str:
    with pytest.raises(BillingError) as raised:
        read_settings(environment, folder)
    return str(raised.value)


def test_the_environment_gives_every_setting() -> None:
    assert read_settings(ENVIRONMENT, NOWHERE) == Settings(
        project="example-project", location="europe-west1", bookkeeping_bucket="example-books", sources=(AWS, AZURE)
    )


def test_a_source_knows_its_destination_and_its_provider() -> None:
    assert (AWS.destination, AWS.format) == ("example-project.billing.aws_cur", FORMATS["aws_cur_v1_csv"])
    assert [settings().of_provider(name) for name in ("aws", "azure", "gcp")] == [(AWS,), (AZURE,), ()]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"PREFIX": "", "SOURCE_PATH": ""}, replace(AWS, prefix="", source_path="")),
        ({"PROJECT_ID": "another-project"}, replace(AWS, project="another-project")),
        ({"SETTLE_HOURS": "0"}, replace(AWS, settle_hours=0.0)),
        ({"SETTLE_HOURS": "168"}, replace(AWS, settle_hours=168.0)),
        (
            {"TYPE_OVERRIDES": '{"product/ECU": "String", "a/b": "int64", "a/c": "Bool", "a/d": "FLOAT64"}'},
            replace(AWS, type_overrides={"product/ECU": "STRING", "a/b": "INTEGER", "a/c": "BOOLEAN", "a/d": "FLOAT"}),
        ),
    ],
)
def test_optional_settings_are_taken(changes: dict[str, str], expected: Source) -> None:
    assert aws(**changes) == expected


def test_a_provider_may_have_many_sources_and_keys_are_free() -> None:
    more = {
        name.replace("AWS_CUR", "ACME_2"): value for name, value in ENVIRONMENT.items() if name.startswith("SOURCES__A")
    }
    more |= {
        "SOURCES__ACME_2__PREFIX": "gcs-transfer/acme/",
        "SOURCES__ACME_2__TABLE_NAME": "acme_2",
    }
    assert [source.key for source in read_settings({**ENVIRONMENT, **more}, NOWHERE).sources] == [
        "acme_2",
        "aws_cur",
        "azure_billing",
    ]


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
def test_a_missing_or_empty_variable_is_named(variable: str) -> None:
    without = {name: value for name, value in ENVIRONMENT.items() if name != variable}
    assert refusal(without) == refusal({**ENVIRONMENT, variable: ""}) == f"SETTING_MISSING: {variable} is not set."


def test_a_prefix_may_be_empty_but_must_be_said() -> None:
    without = {name: value for name, value in ENVIRONMENT.items() if name != "SOURCES__AWS_CUR__PREFIX"}
    assert refusal(without) == "SETTING_MISSING: SOURCES__AWS_CUR__PREFIX is not set; '' means the whole bucket."


def test_no_source_at_all_is_refused() -> None:
    without = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("SOURCES__")}
    assert refusal(without) == "SETTING_MISSING: No source is configured: set SOURCES__<KEY>__BUCKET and the rest."


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DESTINATION__BIGQUERY__PROJECT_ID", "A", "must match [a-z][-a-z0-9:.]{4,61}[a-z0-9], but is 'A'."),
        ("BOOKKEEPING_BUCKET", "gs://x", "must match [a-z0-9][-_.a-z0-9]{1,220}[a-z0-9], but is 'gs://x'."),
        ("SOURCES__AWS_CUR__BUCKET", "a b", "must match [a-z0-9][-_.a-z0-9]{1,220}[a-z0-9], but is 'a b'."),
        ("SOURCES__AWS_CUR__DATASET", "Billing", "must match [a-z][a-z0-9]*(_[a-z0-9]+)*, but is 'Billing'."),
        ("SOURCES__AWS_CUR__TABLE_NAME", "a__b", "must match [a-z][a-z0-9]*(_[a-z0-9]+)*, but is 'a__b'."),
        ("SOURCES__AWS_CUR__TABLE_NAME", "a\n", "must match [a-z][a-z0-9]*(_[a-z0-9]+)*, but is 'a\n'."),
        ("SOURCES__AWS_CUR__PREFIX", "aws", "must end in '/' and not begin with it, but is 'aws'."),
        ("SOURCES__AWS_CUR__PREFIX", "/aws/", "must end in '/' and not begin with it, but is '/aws/'."),
        ("SOURCES__AWS_CUR__SOURCE_PATH", "cur", "must end in '/' and not begin with it, but is 'cur'."),
        (
            "SOURCES__AWS_CUR__FORMAT",
            "csv",
            f"must be one of {', '.join(FORMATS)}, but is 'csv'.",
        ),
        ("SOURCES__AWS_CUR__SETTLE_HOURS", "-1", "must be hours from 0 to 168, but is '-1'."),
        ("SOURCES__AWS_CUR__SETTLE_HOURS", "nan", "must be hours from 0 to 168, but is 'nan'."),
        ("SOURCES__AWS_CUR__SETTLE_HOURS", "3h", "must be hours from 0 to 168, but is '3h'."),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", "{", "is not valid JSON: Expecting property name enclosed in double"),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", "[]", 'must be like {"product/ECU": "STRING"}, but is [].'),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", '{"a": 1}', 'must be like {"product/ECU": "STRING"}, but is {"a": 1}.'),
        ("SOURCES__AWS_CUR__TYPE_OVERRIDES", '{"a": "MONEY"}', ": 'MONEY' of a is not one of "),
        ("SOURCES__AWS_CUR__BUCKETS", "x", "is no setting of a source; known fields: BUCKET, DATASET, "),
        ("SOURCES__AWS_CUR", "x", "is no setting of a source; known fields: BUCKET, DATASET, "),
        ("SOURCES__AWS__CUR__BUCKET", "x", "is no setting of a source; known fields: BUCKET, DATASET, "),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_by_its_variable(variable: str, value: str, sentence: str) -> None:
    message = refusal({**ENVIRONMENT, variable: value})
    assert message.startswith((f"SETTING_INVALID: {variable} {sentence}", f"SETTING_INVALID: {variable}{sentence}"))


def test_a_key_that_dlt_would_rename_is_refused() -> None:
    assert refusal({**ENVIRONMENT, "SOURCES__aws__BUCKET": "x"}) == (
        "SETTING_INVALID: SOURCES__aws__BUCKET: the key must look like AWS_CUR, not 'aws'."
    )


def test_a_key_that_is_google_cloud_s_own_export_in_focus_costs_is_refused() -> None:
    """Terraform's keys begin with aws_ or azure_: it is a key of somebody's own settings."""
    renamed = {name.replace("AWS_CUR", "GOOGLE_BILLING"): value for name, value in ENVIRONMENT.items()}
    assert refusal(renamed) == (
        "SETTING_INVALID: SOURCES__GOOGLE_BILLING__BUCKET: the key GOOGLE_BILLING is what Google Cloud's own export is"
        " called in x_source: rename the source, to GCP_BILLING for example."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"TABLE_NAME": "azure_focus"},
            (
                "SOURCES__AWS_CUR__TABLE_NAME and SOURCES__AZURE_BILLING__TABLE_NAME name the same table"
                " example-project.billing.azure_focus."
            ),
        ),
        *(
            (
                {"TABLE_NAME": f"azure_focus{suffix}"},
                (
                    "SOURCES__AWS_CUR__TABLE_NAME and SOURCES__AZURE_BILLING__TABLE_NAME name the same table"
                    f" example-project.billing.azure_focus{suffix}."
                ),
            )
            for suffix in ("_load_tracking", "_loads")
        ),
        (
            {"BUCKET": "example-landing-azure", "PREFIX": "azure/cur/"},
            "SOURCES__AWS_CUR__PREFIX and SOURCES__AZURE_BILLING__PREFIX overlap in bucket example-landing-azure.",
        ),
        (
            {"BUCKET": "example-landing-azure", "PREFIX": ""},
            "SOURCES__AWS_CUR__PREFIX and SOURCES__AZURE_BILLING__PREFIX overlap in bucket example-landing-azure.",
        ),
        (
            {"BUCKET": "example-landing-azure", "PREFIX": "azure/"},
            "SOURCES__AWS_CUR__PREFIX and SOURCES__AZURE_BILLING__PREFIX overlap in bucket example-landing-azure.",
        ),
    ],
)
def test_sources_on_shared_ground_are_refused(changes: dict[str, str], sentence: str) -> None:
    variables = {f"SOURCES__AWS_CUR__{name}": value for name, value in changes.items()}
    assert refusal({**ENVIRONMENT, **variables}) == f"SETTING_INVALID: {sentence}"


def test_a_table_named_like_another_s_view_of_charges_is_refused_where_that_is_made() -> None:
    named = {**ENVIRONMENT, "SOURCES__AZURE_BILLING__TABLE_NAME": "aws_cur_charges"}
    assert read_settings(named, folder=Path("/nowhere")).sources[0].format.maps is False
    assert refusal({**named, "SOURCES__AWS_CUR__FORMAT": "aws_focus_csv"}) == (
        "SETTING_INVALID: SOURCES__AWS_CUR__TABLE_NAME and SOURCES__AZURE_BILLING__TABLE_NAME name the same table"
        " example-project.billing.aws_cur_charges."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"BUCKET": "example-landing-azure", "PREFIX": "azure-cur/"},
        {"DATASET": "other", "TABLE_NAME": "azure_focus"},
        {"PROJECT_ID": "another-project", "TABLE_NAME": "azure_focus"},
    ],
)
def test_sources_that_only_look_alike_are_taken(changes: dict[str, str]) -> None:
    assert aws(**changes).key == "aws_cur"


def test_a_laptop_reads_the_same_shape_from_dlt_s_config(tmp_path: Path) -> None:
    assert read_settings({}, toml(tmp_path, TOML)) == Settings(
        project="example-project",
        location="europe-west1",
        bookkeeping_bucket="example-books",
        sources=(replace(AWS, settle_hours=1.5, type_overrides={"product/ECU": "INTEGER"}),),
    )


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    found = read_settings({"SOURCES__AWS_CUR__TABLE_NAME": "mine"}, toml(tmp_path, TOML))
    assert [source.table for source in found.sources] == ["mine"]


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    assert refusal({}, toml(tmp_path, "[sources")).startswith(
        f"SETTING_INVALID: {tmp_path}/.dlt/config.toml is not valid TOML: "
    )
    (tmp_path / ".dlt" / "config.toml").write_bytes(b'bookkeeping_bucket = "\xff"')
    assert refusal({}, tmp_path).startswith(f"SETTING_INVALID: {tmp_path}/.dlt/config.toml is not valid TOML: ")


def test_an_override_in_the_file_that_is_no_type_is_named(tmp_path: Path) -> None:
    text = TOML.replace('"int64"', "2025-09-01")
    assert refusal({}, toml(tmp_path, text)).startswith(
        "SETTING_INVALID: SOURCES__AWS_CUR__TYPE_OVERRIDES: '2025-09-01' of product/ECU is not one of "
    )


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
    ],
)
def test_a_rejection_is_tried_again_after_a_setting_changed(changes: dict[str, str], *, same: bool) -> None:
    assert (aws(**changes).fingerprint == aws().fingerprint) is same


def test_a_rejection_is_tried_again_after_an_upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    before = aws().fingerprint
    monkeypatch.setattr("billing.settings.__version__", "99.0.0")
    assert aws().fingerprint != before


def test_the_order_of_overrides_is_no_change() -> None:
    one, other = '{"a": "STRING", "b": "DATE"}', '{"b": "DATE", "a": "STRING"}'
    assert aws(TYPE_OVERRIDES=one).fingerprint == aws(TYPE_OVERRIDES=other).fingerprint


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SOURCES__AWS_CUR__TABLE_NAME", "billing_status"),
        ("BOOKKEEPING_BUCKET", ENVIRONMENT["SOURCES__AWS_CUR__BUCKET"]),
    ],
)
def test_names_that_the_loader_needs_for_itself_are_refused(variable: str, value: str) -> None:
    with pytest.raises(BillingError) as caught:
        read_settings({**ENVIRONMENT, variable: value}, NOWHERE)

    assert caught.value.code == "SETTING_INVALID"
    assert variable in caught.value.message
