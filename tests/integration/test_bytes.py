"""Bytes that are no text: a NUL is kept, what is not UTF-8 becomes U+FFFD, and the month says so."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from tests.support.harness import Harness, log_lines
from tests.support.small_exports import AWS_CHARGE, AZURE_CHARGE, COST, CUR, azure_run, csv_file, cur_report

HarnessOf = Callable[..., Harness]
TAG = "resourceTags/user:stadt"
TAGGED = {**AWS_CHARGE, TAG: "X"}
COLUMNS = [(name, None) for name in TAGGED]


@pytest.mark.parametrize(
    ("value", "loaded", "code"),
    [
        (b"M\xfcnchen", "M\ufffdnchen", "BAD_BYTES"),
        (b"a\x00b", "a\x00b", "BAD_BYTES"),
        ("M\ufffdnchen".encode(), "M\ufffdnchen", "BAD_BYTES"),  # as the provider wrote it: nothing can tell
        (b"\xe2\x82", "\ufffd", "BAD_BYTES"),  # the begin of a character
        ("München €".encode(), "München €", None),
        (b"a\x01b", "a\x01b", None),
    ],
)
def test_month_with_bad_bytes_is_loaded_and_told(
    harness_of: HarnessOf, value: bytes, loaded: str, code: str | None
) -> None:
    harness = harness_of(CUR)
    file = csv_file({**TAGGED, "identity/LineItemId": "i0"}, TAGGED).replace(b"X", b"Y", 1).replace(b"X", value)

    outcome = cur_report(gzip.compress(file), columns=COLUMNS).load(harness, CUR)

    assert (outcome.action, outcome.code, outcome.rows) == ("loaded", code, 2), outcome.message
    rows = harness.rows(f"SELECT resource_tags_user_stadt AS city FROM `{{dataset}}.{CUR.table}` ORDER BY 1")
    assert {row["city"] for row in rows} == {"Y", loaded}
    assert [(row["code"], row["row_count"]) for row in harness.tracking(CUR)] == [(code, 2)]
    if code is not None:
        assert outcome.message.startswith("1 rows have text with U+FFFD or NUL, in resource_tags_user_stadt. ")
        assert outcome.severity == "WARNING"


def test_corrected_text_loads_without_a_code(harness_of: HarnessOf) -> None:
    harness = harness_of(COST)
    charge = csv_file({**AZURE_CHARGE, "Tags": '"city": "X"'})
    bad = azure_run(charge.replace(b"X", b"K\xf6ln")).load(harness, COST)

    good = azure_run(charge.replace(b"X", "Köln".encode()), number=2).load(harness, COST)

    assert (bad.action, bad.code, good.action, good.code) == ("loaded", "BAD_BYTES", "loaded", None)
    assert "in Tags." in bad.message


@pytest.mark.parametrize(
    ("named", "loaded", "code"),
    [
        pytest.param("größe", "größe", None, id="named by the manifest"),
        pytest.param(None, "gr\ufffd\ufffde", "BAD_BYTES", id="named by nobody"),
    ],
)
def test_damaged_name_of_a_tag_is_that_of_the_manifest(
    harness_of: HarnessOf, named: str | None, loaded: str, code: str | None
) -> None:
    harness = harness_of(CUR)
    file = csv_file(TAGGED).replace(b"stadt", b"gr\xf6\xdfe")
    columns = [(name.replace("stadt", named or "stadt"), None) for name in TAGGED if named or name != TAG]

    outcome = cur_report(gzip.compress(file), columns=columns).load(harness, CUR)

    assert (outcome.action, outcome.code) == ("loaded", code), outcome.message
    fields = harness.emulator.bigquery.get_table(harness.source(CUR).destination).schema
    assert f"source: resourceTags/user:{loaded}" in {field.description for field in fields}


def test_damaged_name_of_a_published_column_is_not_guessed(harness_of: HarnessOf) -> None:
    harness = harness_of(COST)

    outcome = azure_run(csv_file(AZURE_CHARGE).replace(b"Cost,", b"C\xf6st,")).load(harness, COST)

    assert (outcome.action, outcome.code) == ("rejected", "HEADER_UNREADABLE")
    assert "in column 'C\ufffdst', so its name is not known. Deliver the month again." in outcome.message


def test_load_job_says_what_it_reads(harness_of: HarnessOf, capsys: pytest.CaptureFixture[str]) -> None:
    harness = harness_of(CUR)

    outcome = cur_report(gzip.compress(csv_file(TAGGED)), columns=COLUMNS).load(harness, CUR)

    job = harness.emulator.bigquery.get_job(outcome.job_id, location=harness.settings.location)
    assert (job.encoding, job.configuration.preserve_ascii_control_characters) == ("UTF-8", True)
    assert [line for line in log_lines(capsys.readouterr().out) if line.get("code") == "BAD_BYTES"] == []
