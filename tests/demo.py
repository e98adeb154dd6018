"""`make demo`: months of both providers delivered to the laptop's cloud through events, and every total checked.

MONTHS (default 3) is the number of months per provider, ROWS (default 60000) the rows in all, SEED (default 1)
the generator's seed. Exits with 1 when a total differs in its last decimal, or a row is missing.
"""

import json
import os
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

from tests.local_cloud import Backoff, LocalCloud
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery
from tests.stack import AWS, AZURE, SourceSpec, Stack

_LAST_MONTH = (2025, 12)  # fixed, so that the same seed gives the same demo on any day
_SETTLE_SECONDS = 600.0
_COLUMNS = {
    "aws": ("line_item_unblended_cost", "bill_billing_period_start_date", "line_item_product_code"),
    "azure": ("BilledCost", "BillingPeriodStart", "ServiceName"),
}


@dataclass
class Demo:
    stack: Stack
    folder: Path
    months: list[str]
    rows_per_month: int
    seed: int
    expected: dict[tuple[SourceSpec, str], Delivery] = field(default_factory=dict)
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

    def generate(self, spec: SourceSpec, month: str, revision: int = 1) -> Delivery:
        if spec.provider == "aws":
            return aws_cur_delivery(
                self.folder, month, rows=self.rows_per_month, seed=self.seed, revision=revision, report=spec.export_name
            )
        return azure_focus_delivery(
            self.folder, month, rows=self.rows_per_month, seed=self.seed, revision=revision, version=spec.version
        )

    def deliver(self, spec: SourceSpec, delivery: Delivery, *kinds: str) -> None:
        self.stack.deliver(spec, delivery, *kinds)
        self.expected[spec, delivery.month] = delivery

    def settle(self) -> None:
        self.stack.cloud.events.settle(_SETTLE_SECONDS)

    def query(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.stack.cloud.bigquery.query_and_wait(sql.format(dataset=self.stack.dataset))]

    def expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self.differences.append(f"{what}: found {found}, wanted {wanted}")


def main() -> int:
    months = last_months(int(os.environ.get("MONTHS", "3")))
    rows = int(os.environ.get("ROWS", "60000"))
    started = time.monotonic()
    print("On the laptop's cloud (emulators on this machine; no account, nothing leaves it).")
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        demo_log: list[Callable[[str, str], None]] = []
        backoff = Backoff(first_seconds=0.5, longest_seconds=2.0)
        with LocalCloud(backoff=backoff, on_log_line=lambda name, line: demo_log[0](name, line)) as cloud:
            demo = Demo(
                Stack(cloud), Path(folder), months, max(rows // (2 * len(months)), 1), int(os.environ.get("SEED", "1"))
            )
            demo_log.append(demo.heard)
            with step("Buckets, tables and functions"):
                demo.stack.create().deploy()
            run(demo)
    for difference in demo.differences:
        print(f"DIFFERS  {difference}")
    verdict = "FAILED" if demo.differences else "All totals and row counts equal the generator's, to the last decimal."
    print(f"\n{verdict} ({time.monotonic() - started:.0f} s)")
    return 1 if demo.differences else 0


def run(demo: Demo) -> None:
    with step(f"{len(demo.months)} months of AWS CUR and Azure FOCUS arrive, {demo.rows_per_month:,} rows each"):
        for month in demo.months:
            for spec in (AWS, AZURE):
                demo.deliver(spec, demo.generate(spec, month))
        demo.settle()
    check_totals(demo)
    show_results(demo)
    again_unchanged(demo)
    restated(demo)
    manifest_first(demo)
    check_totals(demo)
    show(
        "billing_status",
        demo.query(
            "SELECT source, month, state, row_count, cost, currency FROM `{dataset}.billing_status` ORDER BY 1, 2"
        ),
    )
    show_skipped(demo)


def again_unchanged(demo: Demo) -> None:
    """The very same bytes again: other generations, equal content, no load."""
    with step(f"AWS {demo.months[-1]} arrives again, unchanged"):
        mark, loads = len(demo.log), count(demo, "loaded")
        demo.deliver(AWS, demo.expected[AWS, demo.months[-1]])
        demo.settle()
        print("  skipped: " + message_since(demo, mark, "skipped"))
        demo.expect("loads of an unchanged month", count(demo, "loaded") - loads, 0)


def restated(demo: Demo) -> None:
    with step(f"Azure {demo.months[-1]} is restated"):
        before = demo.expected[AZURE, demo.months[-1]].totals
        delivery = demo.generate(AZURE, demo.months[-1], revision=2)
        demo.deliver(AZURE, delivery)
        demo.settle()
        print(
            f"  replaced: {before.cost} became {delivery.totals.cost}, {before.rows} rows became {delivery.totals.rows}"
        )


def manifest_first(demo: Demo) -> None:
    with step(f"AWS {demo.months[0]} is restated, its manifest arrives before its data"):
        mark, served = len(demo.log), month_total(demo, AWS, demo.months[0])
        delivery = demo.generate(AWS, demo.months[0], revision=2)
        demo.deliver(AWS, delivery, "manifest")
        demo.settle()
        print("  waiting: " + message_since(demo, mark, "waiting"))
        demo.expect("the old month while its successor waits", month_total(demo, AWS, demo.months[0]), served)
        demo.deliver(AWS, delivery, "data")
        demo.settle()


def check_totals(demo: Demo) -> None:
    """Rows, cost and cost by service of every month against what the generator says it wrote."""
    for spec in (AWS, AZURE):
        cost, start, service = _COLUMNS[spec.provider]
        found: dict[str, dict[str, tuple[int, Decimal]]] = defaultdict(dict)
        for row in demo.query(
            f"SELECT FORMAT_TIMESTAMP('%Y-%m', {start}) AS month, {service} AS service,"
            f" COUNT(*) AS n, SUM({cost}) AS cost FROM `{{dataset}}.{spec.table}` GROUP BY 1, 2"
        ):
            found[row["month"]][row["service"]] = (row["n"], row["cost"])
        demo.expect(f"months of {spec.table}", sorted(found), demo.months)
        for month, by_service in found.items():
            totals = demo.expected[spec, month].totals
            demo.expect(f"rows of {spec.table} {month}", sum(n for n, _ in by_service.values()), totals.rows)
            demo.expect(f"cost of {spec.table} {month}", sum(c for _, c in by_service.values()), totals.cost)
            services = {name: cost for name, (_, cost) in by_service.items()}
            demo.expect(f"cost by service of {spec.table} {month}", services, dict(totals.by_service))


def month_total(demo: Demo, spec: SourceSpec, month: str) -> tuple[int, Decimal]:
    cost, start, _ = _COLUMNS[spec.provider]
    [row] = demo.query(
        f"SELECT COUNT(*) AS n, SUM({cost}) AS cost FROM `{{dataset}}.{spec.table}`"
        f" WHERE FORMAT_TIMESTAMP('%Y-%m', {start}) = '{month}'"
    )
    return row["n"], row["cost"]


def show_results(demo: Demo) -> None:
    for spec in (AWS, AZURE):
        cost, _, service = _COLUMNS[spec.provider]
        rows = demo.query(
            f"SELECT '{spec.provider}' AS provider, {service} AS service, SUM({cost}) AS cost"
            f" FROM `{{dataset}}.{spec.table}` GROUP BY 1, 2 ORDER BY cost DESC LIMIT 6"
        )
        show(f"Cost by service, {spec.provider} (the six largest)", rows)
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
def step(title: str) -> Iterator[None]:
    print(f"\n{title} ...", flush=True)
    started = time.monotonic()
    yield
    print(f"  done in {time.monotonic() - started:.1f} s")


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
