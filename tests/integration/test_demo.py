"""`make demo` exits with 0 if every total is right, and with 1 if one differs in its last decimal."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

MISSPELT = """
import shutil, sys, tempfile
from pathlib import Path
from tests.demo import demo
from tests.support.paths import FUNCTIONS, TERRAFORM
with tempfile.TemporaryDirectory() as folder:
    copy = Path(folder) / "terraform"
    shutil.copytree(TERRAFORM, copy)
    shutil.copytree(FUNCTIONS, Path(folder) / "functions")
    settings = copy / "main.tf"
    settings.write_text(settings.read_text().replace("EXPORT_NAME ", "EXPORTNAME "))
    demo.TERRAFORM = copy
    sys.exit(demo.main())
"""
LYING_GENERATOR = """
import sys
from dataclasses import replace
from decimal import Decimal
from tests.demo import demo
honest = demo.azure_focus_delivery
def lying(*arguments, **more):
    delivery = honest(*arguments, **more)
    return replace(delivery, totals=replace(delivery.totals, cost=delivery.totals.cost + Decimal("1e-18")))
demo.azure_focus_delivery = lying
demo.write_report = lambda system: 0
sys.exit(demo.main())
"""


def _run(folder: Path, *command: str, months: int = 2) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MONTHS": str(months), "ROWS": "400", "REPORT": str(folder / "report.html")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_demo_shows_every_step_and_exits_with_0(tmp_path: Path) -> None:
    demo = _run(tmp_path, "-m", "tests.demo.demo")

    assert demo.returncode == 0, demo.stdout + demo.stderr
    for shown in (
        "On the laptop's cloud",
        "stand-in providers (google ",
        "terraform init and apply",
        "arrives again, unchanged",
        "then skipped: Already loaded",
        "replaced:",
        "waiting: 3 of 3 files missing",
        "Cost by provider",
        "What loaded nothing, and why",
        "to the last decimal",
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
    assert "FAILED" in demo.stdout


def test_misspelt_environment_variable_fails_the_demo(tmp_path: Path) -> None:
    demo = _run(tmp_path, "-c", MISSPELT)

    assert demo.returncode == 1
    assert "SOURCES__AWS_CUR__EXPORTNAME" in demo.stderr


def test_demo_never_runs_on_the_real_providers(tmp_path: Path) -> None:
    program = "import os; os.environ['TF_PROVIDERS'] = 'real'; from tests.demo import demo; demo.main()"
    demo = _run(tmp_path, "-c", program)

    assert demo.returncode == 1
    assert "the demo never leaves this machine" in demo.stderr
