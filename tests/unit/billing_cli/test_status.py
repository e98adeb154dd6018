"""`billing status`: one query per dataset, printed as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from billing.decisions.sweep_notes import SweepNotes
from billing.settings import Settings
from billing_cli.__main__ import main

LOADED = {
    "source": "aws_cur",
    "month": "2025-09",
    "state": "loaded",
    "delivered_at": datetime(2025, 10, 1, 2, 3, 4, tzinfo=UTC),
    "loaded_at": datetime(2025, 10, 1, 2, 5, tzinfo=UTC),
    "row_count": 120,
    "cost": Decimal("1.50"),
    "currency": "USD",
    "finality": "open",
}
REJECTED = {
    "source": "azure_billing",
    "month": "2025-10",
    "state": "rejected",
    "code": "EMPTY_DELIVERY",
    "message": "-",
}


Rows = Sequence[Mapping[str, object]]


STORE = SimpleNamespace(try_read=lambda: (SweepNotes(), None))  # the notes of the sweep


def answer_with(monkeypatch: pytest.MonkeyPatch, rows: Rows, **others: Rows | str) -> list[str]:
    """Answer every query with these rows, and return the list that the queries go to.

    `others` has the rows of queries that contain its key, or why they fail.
    """
    queries: list[str] = []

    def try_query(sql: str) -> tuple[Rows, str | None]:
        queries.append(sql)
        answer = next((answer for part, answer in others.items() if part in sql), rows)
        return ([], answer) if isinstance(answer, str) else (answer, None)

    def connect(settings: Settings) -> Any:
        return SimpleNamespace(warehouse=SimpleNamespace(try_query=try_query), notes=STORE)

    monkeypatch.setattr("billing_cli.status.connect", connect)
    return queries


def test_table_has_a_line_for_each_month(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    answer_with(monkeypatch, [LOADED, REJECTED])

    result = CliRunner().invoke(main, ["status"])

    header, loaded, rejected = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert header.split() == [
        *("source", "month", "state", "delivered_at", "loaded_at"),
        *("row_count", "cost", "currency", "code", "message"),
    ]
    assert loaded.split() == [
        *("aws_cur", "2025-09", "loaded", "2025-10-01", "02:03", "2025-10-01", "02:05", "120", "1.50", "USD"),
    ]
    assert rejected.split() == ["azure_billing", "2025-10", "rejected", "EMPTY_DELIVERY", "-"]


def test_text_and_amounts_are_safe_in_a_terminal(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    message = "Column \x1b[2J\naws_cur 2025-09 loaded has no type."
    answer_with(monkeypatch, [{**LOADED, "cost": Decimal("1E+30")}, {**REJECTED, "message": message}])

    result = CliRunner().invoke(main, ["status"])

    _, loaded, rejected = result.stdout.splitlines()
    assert loaded.split()[-2:] == ["1000000000000000000000000000000", "USD"]
    assert rejected.endswith("Column \ufffd[2J aws_cur 2025-09 loaded has no type.")


def test_terminal_may_lack_a_character(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    answer_with(monkeypatch, [LOADED, {**REJECTED, "message": "費用 …"}])

    result = CliRunner(charset="latin-1").invoke(main, ["status"])

    assert (result.exit_code, result.stdout.split()[-2:]) == (0, ["\\u8cbb\\u7528", "\\u2026"])


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        pytest.param(
            (SweepNotes(left={"aws_cur 2025-09": datetime(2025, 10, 1, 2, 3, tzinfo=UTC)}), None),
            "Left over since 2025-10-01 02:03 UTC: aws_cur 2025-09.\n",
            id="a month",
        ),
        pytest.param(
            (SweepNotes(), "403 no access"),
            "What the last sweep left over is unknown: 403 no access\n",
            id="no access to the notes",
        ),
        pytest.param((SweepNotes(), None), "", id="nothing"),
    ],
)
def test_what_the_last_sweep_left_over_is_said(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, notes: tuple[SweepNotes, str | None], said: str
) -> None:
    answer_with(monkeypatch, [LOADED])
    monkeypatch.setattr(STORE, "try_read", lambda: notes)

    result = CliRunner().invoke(main, ["status"])

    assert (result.exit_code, result.stderr) == (0, said)


def test_month_of_two_currencies_has_two_lines(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    answer_with(monkeypatch, [LOADED, REJECTED, {**LOADED, "cost": Decimal(300), "currency": "CNY"}])

    result = CliRunner().invoke(main, ["status"])

    assert [line.split()[-2:] for line in result.stdout.splitlines()[1:3]] == [["300", "CNY"], ["1.50", "USD"]]


NO_RECORD = [{"n": 0}]


def test_empty_history_is_said(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    """Before the first record there is no view, no view of the loads, and no table of dlt's."""
    answer_with(monkeypatch, NO_RECORD, billing_status="404 Not found", _loads="404 Not found")

    result = CliRunner().invoke(main, ["status"])

    look = "shows whether files have arrived, and `billing sweep` loads them, or says why it does not"
    aws, azure = result.output.splitlines()
    assert result.exit_code == 0
    listing = "`gcloud storage ls gs://example-landing-aws/gcs-transfer/aws_cur/`"
    assert aws == f"Nothing is recorded of aws_cur yet: {listing} {look}."
    listing = "`gcloud storage ls gs://example-landing-azure/azure/`"
    assert azure == f"Nothing is recorded of azure_billing yet: {listing} {look}."


def test_source_without_a_record_is_named_below_the_others(
    monkeypatch: pytest.MonkeyPatch, configured: Settings
) -> None:
    answer_with(monkeypatch, NO_RECORD, billing_status=[LOADED], azure_focus_loads="404 Not found")

    result = CliRunner().invoke(main, ["status"])

    assert (result.exit_code, result.stderr, len(result.stdout.splitlines())) == (0, "", 3)
    assert result.stdout.splitlines()[-1].startswith("Nothing is recorded of azure_billing yet: ")


def test_missing_dataset_is_named_with_its_settings(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    answer_with(monkeypatch, [], example="404 Not found: Dataset example-project:billing was not found in location EU.")

    result = CliRunner().invoke(main, ["status"])

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[0] == (
        "No answer from aws_cur: 404 Not found: Dataset example-project:billing was not found in location EU."
        " The dataset example-project.billing does not exist: create it with `terraform apply`,"
        " or correct SOURCES__AWS_CUR__DATASET or DESTINATION__BIGQUERY__LOCATION."
    )


def test_each_dataset_is_queried_once(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    monkeypatch.setenv("SOURCES__AZURE_BILLING__DATASET", "azure")
    queries = answer_with(monkeypatch, [LOADED, REJECTED])

    CliRunner().invoke(main, ["status"])

    assert queries == [
        "SELECT * FROM `example-project.azure.billing_status`",
        "SELECT * FROM `example-project.billing.billing_status`",
    ]


@pytest.mark.parametrize(
    "others",
    [
        {
            "billing_status": "400 broken",
            "aws_cur_loads": "404 Not found: aws_cur_loads.",
            "azure_focus_loads": [REJECTED],
        },
        {"billing_status": [REJECTED], "aws_cur_loads": "404 Not found: aws_cur_loads."},
    ],
    ids=["no view", "a view without the source"],
)
def test_source_that_gives_no_answer_is_named_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, others: dict[str, Rows | str]
) -> None:
    answer_with(monkeypatch, [{"n": 1}], **others)

    result = CliRunner().invoke(main, ["status"])

    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 2)
    assert "azure_billing" in result.stdout
    assert result.stderr == (
        "No answer from aws_cur: 404 Not found: aws_cur_loads."
        " `billing sweep` creates a view again, and `terraform apply` a table.\n"
    )


def test_nothing_is_called_empty_if_no_source_answers(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    answer_with(monkeypatch, [], example="403 denied.")

    result = CliRunner().invoke(main, ["status"])

    assert (result.exit_code, result.stdout) == (1, "")
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "No answer from aws_cur",
        "No answer from azure_billing",
    ]
