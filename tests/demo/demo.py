"""`make demo`: the real root applied to the laptop's cloud, months exported, transferred and loaded, totals checked.

MONTHS (default 3) is the number of months per provider, ROWS (default 60000) the rows in all, SEED (default 1)
the generator's seed, REPORT (default .local/report.html) where the report goes, TAG (default team) what it splits by.
Exits with 1 when a total differs in its last decimal, or a row is missing.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.emulator import Backoff, Emulator
from tests.emulator.terraform_provider.binary import (
    PROVIDERS_VARIABLE,
    NoTerraformError,
    find_terraform,
    real_providers,
)
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery, sink_name
from tests.support.paths import FUNCTIONS, ROOT, TERRAFORM
from tests.support.terraform_deployment import AWS_SOURCES, AZURE_SOURCES, TerraformDeployment

_LAST_MONTH = (2025, 12)  # fixed, so that the same seed gives the same demo on any day
_SETTLE_SECONDS = 600.0
_MOST_IN_MEMORY = 2_000_000  # rows: 5 GB
_SLOWEST_RATE = 5_000  # rows/s: a laptop that does other things too


@dataclass(frozen=True)
class Source:
    key: str  # as Terraform, the functions and their logs call it
    cost: str
    start: str
    service: str


AWS = Source("aws_cur", "line_item_unblended_cost", "bill_billing_period_start_date", "line_item_product_code")
AZURE = Source("azure_focus", "BilledCost", "BillingPeriodStart", "ServiceName")


@dataclass
class Demo:
    system: TerraformDeployment
    folder: Path
    months: list[str]
    rows_per_month: int
    seed: int
    expected: dict[tuple[Source, str], Delivery] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)

    def heard(self, _: str, line: str) -> None:
        """Keeps what the functions log, and shows each load as it happens."""
        if not line.startswith("{"):
            return
        entry = json.loads(line)
        self.log.append(entry)
        if entry.get("action") == "loaded" or entry["severity"] in ("ERROR", "WARNING"):
            print(f"  {entry.get('source', ''):<14} {entry['message']} ({entry.get('duration_seconds', 0):.1f} s)")

    @property
    def rows(self) -> int:
        return 2 * len(self.months) * self.rows_per_month

    def export(self, source: Source, month: str, *kinds: str, revision: int = 1) -> Delivery:
        """The provider writes a delivery (or only its objects of these kinds) into its own bucket or container."""
        generate = _generate_aws if source == AWS else _generate_azure
        delivery = generate(self.folder, month, rows=self.rows_per_month, seed=self.seed, revision=revision)
        self.system.export(source.key, delivery, *kinds)
        self.expected[source, month] = delivery
        return delivery

    def transfer(self, source: Source) -> int:
        """One operation of the source's transfer job: how many files were new or different."""
        return len(self.system.transfer(source.key).run())

    def settle(self) -> None:
        self.system.emulator.events.settle(_SETTLE_SECONDS + self.rows / _SLOWEST_RATE)

    def table(self, source: Source) -> str:
        return self.system.table(source.key)

    def query(self, sql: str) -> list[dict[str, Any]]:
        return [
            dict(row)
            for row in self.system.emulator.bigquery.query_and_wait(
                sql.format(dataset=self.system.source(AWS.key).dataset)
            )
        ]

    def expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self.differences.append(f"{what}: found {found}, wanted {wanted}")


def _generate_aws(folder: Path, month: str, **amount: Any) -> Delivery:
    return aws_cur_delivery(folder, month, report=AWS_SOURCES["cur"]["export_name"], **amount)


def _generate_azure(folder: Path, month: str, **amount: Any) -> Delivery:
    return azure_focus_delivery(folder, month, version=AZURE_SOURCES["focus"]["focus_version"], **amount)


def main() -> int:
    months = last_months(int(os.environ.get("MONTHS", "3")))
    rows = max(int(os.environ.get("ROWS", "60000")) // (2 * len(months)), 1)
    check_terraform()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        demo_log: list[Callable[[str, str], None]] = []
        backoff = Backoff(first_seconds=0.5, longest_seconds=2.0)
        cloud = Emulator(
            backoff=backoff,
            on_log_line=lambda name, line: demo_log[0](name, line),
            tables_on_disk=2 * len(months) * rows > _MOST_IN_MEMORY,
        )
        with cloud, TerraformDeployment(cloud, Path(folder), root=TERRAFORM) as system:
            print(f"On the laptop's cloud (emulators; no account, nothing leaves this machine), by {system.terraform}.")
            demo = Demo(system, Path(folder) / "generated", months, rows, int(os.environ.get("SEED", "1")))
            demo_log.append(demo.heard)
            with step("terraform init and apply: buckets, tables, functions, triggers, transfers, schedule"):
                system.apply()
            run(demo)
    for difference in demo.differences:
        print(f"DIFFERS  {difference}")
    verdict = "FAILED" if demo.differences else "All totals and row counts equal the generator's, to the last decimal."
    print(f"\n{verdict} ({time.monotonic() - started:.0f} s)")
    return 1 if demo.differences else 0


def check_terraform() -> None:
    """Ends the demo with one sentence where it cannot begin."""
    try:
        find_terraform()
        real = real_providers()
    except (NoTerraformError, ValueError) as error:
        sys.exit(str(error))
    if real:
        sys.exit(
            f"{PROVIDERS_VARIABLE}=real is for a deployment (make terraform) and for make test: "
            "the demo never leaves this machine."
        )


def run(demo: Demo) -> None:
    with step(f"AWS and Azure export {len(demo.months)} months each, {demo.rows_per_month:,} rows a month", demo.rows):
        for month in demo.months:
            for source in (AWS, AZURE):
                demo.export(source, month)
    with step("Storage Transfer copies them, each file's event calls a function", demo.rows):
        files = demo.transfer(AWS) + demo.transfer(AZURE)
        demo.settle()
        print(f"  {files} files copied")
    check_totals(demo)
    show_results(demo)
    again_unchanged(demo)
    restated(demo)
    manifest_first(demo)
    swept(demo)
    check_totals(demo)
    show(
        "billing_status",
        demo.query(
            "SELECT source, month, state, row_count, cost, currency FROM `{dataset}.billing_status` ORDER BY 1, 2"
        ),
    )
    show_skipped(demo)
    demo.expect("the report's exit code", write_report(demo.system), 0)


def write_report(system: TerraformDeployment) -> int:
    """By the command that a real project has, and by the laptop's own application default credentials."""
    output = Path(os.environ.get("REPORT") or ROOT / ".local" / "report.html").resolve()
    environment = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ}
    with (
        step("billing report: cost as one HTML page"),
        tempfile.TemporaryDirectory() as at,
    ):
        return subprocess.run(
            [sys.executable, "-m", "billing_cli", "report", "--tag", os.environ.get("TAG", "team"), "--output", output],
            cwd=at,  # where no settings of a real project are
            env={
                **environment,
                **system.emulator.environment(),
                **system.environment,
                "PYTHONPATH": str(FUNCTIONS),
            },
            timeout=_SETTLE_SECONDS,
            check=False,
        ).returncode


def again_unchanged(demo: Demo) -> None:
    """The transfer sees no difference; and should the very same bytes be written again, nothing is loaded."""
    with step(f"AWS {demo.months[-1]} arrives again, unchanged"):
        mark, loads = len(demo.log), count(demo, "loaded")
        demo.expect("files copied again", demo.transfer(AWS), 0)
        rewrite(demo, AWS, demo.expected[AWS, demo.months[-1]])
        demo.settle()
        print("  transferred: 0 files; rewritten by hand, then skipped: " + message_since(demo, mark, "skipped"))
        demo.expect("loads of an unchanged month", count(demo, "loaded") - loads, 0)


def rewrite(demo: Demo, source: Source, delivery: Delivery) -> None:
    """Other generations of equal content, as a copy by hand into the landing bucket makes them."""
    transfer = demo.system.transfer(source.key)
    for item in (*delivery.data, *delivery.manifests):
        name = sink_name(item.name, transfer.source_path, transfer.sink_path)
        demo.system.emulator.upload(transfer.bucket, name, item.path)


def restated(demo: Demo) -> None:
    with step(f"Azure {demo.months[-1]} is restated"):
        before = demo.expected[AZURE, demo.months[-1]].totals
        after = demo.export(AZURE, demo.months[-1], revision=2).totals
        demo.transfer(AZURE)
        demo.settle()
        print(f"  replaced: {before.cost} became {after.cost}, {before.rows} rows became {after.rows}")


def manifest_first(demo: Demo) -> None:
    with step(f"AWS {demo.months[0]} is restated, its manifest arrives before its data"):
        mark, served = len(demo.log), month_total(demo, AWS, demo.months[0])
        delivery = demo.export(AWS, demo.months[0], "manifest", revision=2)
        demo.transfer(AWS)
        demo.settle()
        print("  waiting: " + message_since(demo, mark, "waiting"))
        demo.expect("the old month while its successor waits", month_total(demo, AWS, demo.months[0]), served)
        demo.system.deliver(AWS.key, delivery, "data")
        demo.settle()


def swept(demo: Demo) -> None:
    with step("The schedule's hour comes: the sweep compares every month with the books"):
        answer = demo.system.sweep()
        demo.expect("the sweep's status", answer.status, 200)
        found = answer.json()
        loaded, mismatched = len(found["loaded"]), len(found["mismatched"])
        print(f"  {found['months']} months compared, loaded: {loaded}, mismatched: {mismatched}")
        demo.expect("what the sweep had to load", found["loaded"] + found["mismatched"], [])


def check_totals(demo: Demo) -> None:
    """Rows, cost and cost by service of every month against what the generator says it wrote."""
    for source in (AWS, AZURE):
        table = demo.table(source)
        found: dict[str, dict[str, tuple[int, Decimal]]] = defaultdict(dict)
        for row in demo.query(
            f"SELECT FORMAT_TIMESTAMP('%Y-%m', {source.start}) AS month, {source.service} AS service,"
            f" COUNT(*) AS n, SUM({source.cost}) AS cost FROM `{table}` GROUP BY 1, 2"
        ):
            found[row["month"]][row["service"]] = (row["n"], row["cost"])
        demo.expect(f"months of {source.key}", sorted(found), demo.months)
        for month, by_service in found.items():
            totals = demo.expected[source, month].totals
            demo.expect(f"rows of {source.key} {month}", sum(n for n, _ in by_service.values()), totals.rows)
            demo.expect(f"cost of {source.key} {month}", sum(c for _, c in by_service.values()), totals.cost)
            services = {name: cost for name, (_, cost) in by_service.items()}
            demo.expect(f"cost by service of {source.key} {month}", services, dict(totals.by_service))


def month_total(demo: Demo, source: Source, month: str) -> tuple[int, Decimal]:
    [row] = demo.query(
        f"SELECT COUNT(*) AS n, SUM({source.cost}) AS cost FROM `{demo.table(source)}`"
        f" WHERE FORMAT_TIMESTAMP('%Y-%m', {source.start}) = '{month}'"
    )
    return row["n"], row["cost"]


def show_results(demo: Demo) -> None:
    for source in (AWS, AZURE):
        rows = demo.query(
            f"SELECT {source.service} AS service, SUM({source.cost}) AS cost"
            f" FROM `{demo.table(source)}` GROUP BY 1 ORDER BY cost DESC LIMIT 6"
        )
        show(f"Cost by service, {source.key} (the six largest)", rows)
    show(
        "Cost by provider",
        demo.query(
            "SELECT provider, STRING_AGG(DISTINCT currency) AS currency, SUM(row_count) AS row_count, SUM(cost) AS cost"
            " FROM `{dataset}.billing_status` GROUP BY provider ORDER BY provider"
        ),
    )


def show_skipped(demo: Demo) -> None:
    """Events that loaded nothing, by reason, each with one example."""
    reasons = Counter((entry.get("action"), entry.get("code")) for entry in demo.log if entry.get("code"))
    examples = {(entry.get("action"), entry.get("code")): entry for entry in demo.log}
    rows = [
        {"events": number, "ended": action, "code": code, "for example": shortened(examples[action, code]["message"])}
        for (action, code), number in sorted(reasons.items(), key=lambda item: -item[1])
    ]
    show("What loaded nothing, and why", rows)


def show(title: str, rows: Sequence[dict[str, Any]]) -> None:
    print(f"\n{title}")
    if not rows:
        print("  (nothing)")
        return
    names = list(rows[0])
    cells = [names, *([str("" if row[name] is None else row[name]) for name in names] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(names))]
    for row in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def step(title: str, rows: int = 0) -> Iterator[None]:
    """`rows`: what the step moves, for its rate."""
    print(f"\n{title} ...", flush=True)
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    print(f"  done in {seconds:.1f} s" + (f": {rows:,} rows, {rows / seconds:,.0f} rows/s" if rows else ""))


def shortened(message: str) -> str:
    """Without what the table says already, and with file names instead of paths."""
    words = message.partition(": ")[2].split(" ")
    return " ".join(word.rpartition("/")[2] or word for word in words)[:100]


def count(demo: Demo, action: str) -> int:
    return sum(entry.get("action") == action for entry in demo.log)


def message_since(demo: Demo, mark: int, action: str) -> str:
    """What a function said of the first such event after `mark` log lines; lines come a moment after the answer."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for entry in demo.log[mark:]:
            if entry.get("action") == action:
                return str(entry["message"]).partition(": ")[2]
        time.sleep(0.05)
    demo.differences.append(f"no event ended as {action}")
    return ""


def last_months(number: int) -> list[str]:
    """That many months up to the demo's last one, oldest first."""
    last = _LAST_MONTH[0] * 12 + _LAST_MONTH[1] - 1
    return [f"{index // 12}-{index % 12 + 1:02d}" for index in range(last - number + 1, last + 1)]


if __name__ == "__main__":
    sys.exit(main())
