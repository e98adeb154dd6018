"""`make demo` exits with 0 if every total is right, and with 1 if one differs in its last decimal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demo.__main__ import main
from tests.support.paths import FUNCTIONS, ROOT

MISSPELT = """
import shutil, sys, tempfile
from pathlib import Path
from tests.demo import __main__ as demo
from tests.demo.sides import Sides
from tests.support.paths import FUNCTIONS, TERRAFORM
demo.apply_sides = lambda *_: Sides({}, {})  # the test of the whole demo applies them
with tempfile.TemporaryDirectory() as folder:
    copy = Path(folder) / "terraform"
    shutil.copytree(TERRAFORM, copy)
    shutil.copytree(FUNCTIONS, Path(folder) / "functions")
    settings = copy / "main.tf"
    settings.write_text(settings.read_text().replace("EXPORT_NAME ", "EXPORTNAME "))
    sys.exit(demo.main(root=copy))
"""
LYING_GENERATOR = """
import sys
from dataclasses import replace
from decimal import Decimal
from tests.demo import __main__ as demo, scenario
from tests.demo.sides import Sides
demo.apply_sides = lambda *_: Sides({}, {})  # the test of the whole demo applies them
demo.check_wiring = lambda *_: None
honest = scenario.azure_focus_delivery
def lying(*arguments, **more):
    delivery = honest(*arguments, **more)
    return replace(delivery, totals=replace(delivery.totals, cost=delivery.totals.cost + Decimal("1e-18")))
scenario.azure_focus_delivery = lying
demo.write_report = lambda system: 0
sys.exit(demo.main())
"""


def _run(folder: Path, *command: str, months: int = 2) -> subprocess.CompletedProcess[str]:
    variables = {"MONTHS": str(months), "ROWS": "400", "REPORT": str(folder / "report.html")}
    environment = {**os.environ, "PYTHONPATH": str(FUNCTIONS), **variables}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_demo_shows_every_step_and_exits_with_0(tmp_path: Path) -> None:
    demo = _run(tmp_path, "-m", "tests.demo")

    assert demo.returncode == 0, demo.stdout + demo.stderr
    for shown in (
        "Runs on the emulator",
        "stand-in providers (google ",
        "terraform apply in source/aws",
        "terraform apply in source/azure",
        "AWS and Azure trust Storage Transfer",
        "terraform init and apply",
        "AWS delivers 2025-12 again, unchanged",
        "0 files copied by Storage Transfer",
        "copied by hand, then skipped: Already loaded",
        "replaced: cost ",
        "waiting: 3 of 3 files missing",
        "Cost by provider",
        "Events that loaded nothing, by reason",
        "All row counts and totals equal the generated exports, to the last decimal.",
    ):
        assert shown in demo.stdout
    report = tmp_path / "report.html"
    assert f"Report: {report.as_uri()}" in demo.stdout
    html = report.read_text()
    for shown in ("2025-11 to 2025-12", "<h2>EUR</h2>", "<h2>USD</h2>", "By service", "By account", "By tag team"):
        assert shown in html
    assert html.count("<svg") == 8


def test_demo_fails_if_a_total_differs_in_its_last_decimal(tmp_path: Path) -> None:
    demo = _run(tmp_path, "-c", LYING_GENERATOR, months=1)

    assert demo.returncode == 1, demo.stdout + demo.stderr
    assert "DIFFERS  cost of azure_focus" in demo.stdout
    assert "FAILED: " in demo.stdout


def test_misspelt_environment_variable_fails_the_demo(tmp_path: Path) -> None:
    demo = _run(tmp_path, "-c", MISSPELT)

    assert demo.returncode == 1
    assert "SOURCES__AWS_CUR__EXPORTNAME" in demo.stderr


@pytest.mark.parametrize(
    ("variable", "value"), [("MONTHS", "0"), ("MONTHS", "abc"), ("ROWS", "-1"), ("ROWS", "1e6"), ("SEED", "x")]
)
def test_wrong_number_ends_the_demo_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SystemExit, match=rf"^{variable} is '{value}': set it to a whole number from \d on\.$"):
        main()


def test_demo_never_runs_on_the_real_providers(tmp_path: Path) -> None:
    program = "import os; os.environ['TF_PROVIDERS'] = 'real'; from tests.demo.__main__ import main; main()"
    demo = _run(tmp_path, "-c", program)

    assert demo.returncode == 1
    assert "The demo never leaves this machine" in demo.stderr
