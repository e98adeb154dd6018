"""`billing report`: its options, the file that it writes, and its libraries."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from billing.settings import Settings
from billing_cli.__main__ import main
from billing_cli.report.queries import Question, Report
from billing_cli.status import NoAnswer


def keep_questions(monkeypatch: pytest.MonkeyPatch, *failures: NoAnswer) -> list[Question]:
    """Answer every question with an empty report, and return the list that the questions go to."""
    questions: list[Question] = []

    def gather(settings: Settings, services: object, question: Question) -> Report:
        questions.append(question)
        made_at = datetime(2025, 11, 3, tzinfo=UTC)
        return Report(made_at, question, months=[], splits=[], status=[], quality=None, failures=failures)

    monkeypatch.setattr("billing_cli.report.command.connect", lambda settings: None)
    monkeypatch.setattr("billing_cli.report.command.gather", gather)
    return questions


def test_tag_that_is_no_utf8_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    questions = keep_questions(monkeypatch)

    result = CliRunner().invoke(main, ["report", "--tag", "team\udcff"])

    assert (result.exit_code, questions) == (2, [])
    assert result.stderr.endswith("Invalid value for '--tag': it is not UTF-8.\n")


@pytest.mark.parametrize(
    ("options", "question"),
    [
        ([], Question(months=13, tag="", sources=())),
        (["--months", "2", "--tag", "team"], Question(months=2, tag="team", sources=())),
        (["--sources", "aws_cur, azure_billing"], Question(months=13, tag="", sources=("aws_cur", "azure_billing"))),
        (["--tag", "", "--sources", ""], Question(months=13, tag="", sources=())),
    ],
    ids=["defaults", "months and tag", "sources", "empty"],
)
def test_options_make_the_question(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, options: list[str], question: Question
) -> None:
    questions = keep_questions(monkeypatch)

    result = CliRunner().invoke(main, ["report", *options])

    nothing = "Nothing is recorded in these months: `billing status` says what to look at.\n"
    assert (result.exit_code, result.stderr) == (0, nothing)
    assert questions == [question]


@pytest.mark.parametrize("output", [None, "new/folder/cost.html"], ids=["default", "named"])
def test_page_is_written_and_its_address_printed(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, output: str | None
) -> None:
    keep_questions(monkeypatch)

    result = CliRunner().invoke(main, ["report", *(["--output", output] if output else [])])

    path = Path(output or ".local/report.html").resolve()
    assert result.stdout == f"Report: {path.as_uri()}\n"
    assert "No charge is loaded." in path.read_text(encoding="utf-8")


def test_source_without_an_answer_is_named_and_the_page_is_written(
    monkeypatch: pytest.MonkeyPatch, configured: Settings
) -> None:
    keep_questions(monkeypatch, NoAnswer("aws_cur", "404 no table."))

    result = CliRunner().invoke(main, ["report"])

    assert (result.exit_code, result.stdout.partition(":")[0]) == (1, "Report")
    assert result.stderr.startswith("No answer from aws_cur: 404 no table. ")
    assert "No answer from aws_cur" in Path(".local/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("output", ["file/report.html", "folder"], ids=["below a file", "a folder"])
def test_file_that_cannot_be_written_is_one_line_with_the_fix(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, tmp_path: Path, output: str
) -> None:
    keep_questions(monkeypatch)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    path = tmp_path / output

    result = CliRunner().invoke(main, ["report", "--output", str(path)])

    assert result.exit_code in (1, 2)
    assert str(path) in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert CliRunner().invoke(main, ["report", "--output", str(tmp_path / "new" / "report.html")]).exit_code == 0


@pytest.mark.parametrize("library", ["jinja2", "markupsafe", "vl_convert"])
def test_missing_library_is_one_line_with_the_fix(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, library: str
) -> None:
    questions = keep_questions(monkeypatch)
    for module in ("page", "charts"):
        monkeypatch.delitem(sys.modules, f"billing_cli.report.{module}", raising=False)
    monkeypatch.setitem(sys.modules, library, None)

    result = CliRunner().invoke(main, ["report"])

    fix = "in the checkout, run uv tool install '.[report]'"
    expected = f"billing report needs jinja2 and vl-convert-python: {fix}.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", expected)
    assert questions == []
