"""The steps of `make demo`, each with what must hold after it."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.demo.output import FunctionLog, show, step
from tests.demo.totals import AWS, AZURE, ExportedTable, differences, loaded_totals
from tests.samples import Delivery, Totals, aws_cur_delivery, azure_focus_delivery, sink_name
from tests.support.terraform_deployment import AWS_SOURCES, AZURE_SOURCES, TerraformDeployment

_SETTLE_SECONDS = 600.0
_SLOWEST_ROWS_PER_SECOND = 5_000  # on a machine that does other things too
_STATUS = (
    "SELECT source, month, state, row_count, cost, currency FROM `{dataset}.billing_status`"
    " ORDER BY source, month, currency"
)
_BY_PROVIDER = (
    "SELECT provider, currency, SUM(row_count) AS row_count, SUM(cost) AS cost"
    " FROM `{dataset}.billing_status` GROUP BY provider, currency ORDER BY provider, currency"
)


@dataclass
class Demo:
    system: TerraformDeployment
    folder: Path
    months: list[str]
    rows_per_month: int
    seed: int
    log: FunctionLog
    expected: dict[str, dict[str, Totals]] = field(default_factory=lambda: {AWS.source: {}, AZURE.source: {}})
    differences: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return 2 * len(self.months) * self.rows_per_month

    def export(self, table: ExportedTable, month: str, *kinds: str, revision: int = 1) -> Delivery:
        """Write a delivery into the provider's bucket or container. With `kinds`, write only these objects of it."""
        amounts: dict[str, Any] = {"rows": self.rows_per_month, "seed": self.seed, "revision": revision}
        delivery = (
            aws_cur_delivery(self.folder, month, report=AWS_SOURCES["cur"]["export_name"], **amounts)
            if table == AWS
            else azure_focus_delivery(self.folder, month, version=AZURE_SOURCES["focus"]["focus_version"], **amounts)
        )
        self.system.export(table.source, delivery, *kinds)
        self.expected[table.source][month] = delivery.totals
        return delivery

    def transfer(self, table: ExportedTable) -> int:
        """Run the source's transfer job once. Return how many files it copied."""
        return len(self.system.transfer(table.source).run())

    def settle(self) -> None:
        self.system.emulator.events.settle(_SETTLE_SECONDS + self.rows / _SLOWEST_ROWS_PER_SECOND)

    def query(self, sql: str) -> list[dict[str, Any]]:
        dataset = self.system.source(AWS.source).dataset
        return [dict(row) for row in self.system.emulator.bigquery.query_and_wait(sql.format(dataset=dataset))]

    def expect(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.differences.append(f"{what}: found {found}, expected {expected}")

    def logged(self, action: str, start: int) -> str:
        message = self.log.wait_for(action, start)
        self.expect(f"events that ended as {action}", message is not None, True)
        return message or ""


def run(demo: Demo) -> None:
    latest = load_months(demo)
    check_totals(demo)
    show_costs(demo)
    deliver_unchanged(demo, latest)
    restate(demo)
    deliver_manifest_first(demo)
    sweep(demo)
    check_totals(demo)
    show("billing_status", demo.query(_STATUS))
    show_unloaded_events(demo)


def load_months(demo: Demo) -> Delivery:
    """Load every month of both providers. Return the last delivery of AWS."""
    number = "1 month" if len(demo.months) == 1 else f"{len(demo.months)} months"
    title = f"AWS and Azure write their exports: {number} each, {demo.rows_per_month:,} rows a month"
    with step(title, demo.rows):
        deliveries = [(demo.export(AWS, month), demo.export(AZURE, month)) for month in demo.months]
    with step("Storage Transfer copies the files, and each new file calls a function", demo.rows):
        copied = demo.transfer(AWS) + demo.transfer(AZURE)
        demo.settle()
        print(f"  {copied} files copied")
    return deliveries[-1][0]


def deliver_unchanged(demo: Demo, delivery: Delivery) -> None:
    """Run the transfer again, then copy the same bytes by hand. Neither loads anything."""
    with step(f"AWS delivers {delivery.month} again, unchanged"):
        start, loads = len(demo.log.entries), demo.log.count("loaded")
        copied = demo.transfer(AWS)
        copy_by_hand(demo.system, delivery)
        demo.settle()
        print(f"  {copied} files copied by Storage Transfer")
        print(f"  copied by hand, then skipped: {demo.logged('skipped', start)}")
        demo.expect("files copied again", copied, 0)
        demo.expect("loads of an unchanged month", demo.log.count("loaded") - loads, 0)


def copy_by_hand(system: TerraformDeployment, delivery: Delivery) -> None:
    """Write the same files into the landing bucket: equal content, new generations."""
    transfer = system.transfer(AWS.source)
    for item in (*delivery.data, *delivery.manifests):
        name = sink_name(item.name, transfer.source_path, transfer.sink_path)
        system.emulator.upload(transfer.bucket, name, item.path)


def restate(demo: Demo) -> None:
    month = demo.months[-1]
    with step(f"Azure restates {month}"):
        before = demo.expected[AZURE.source][month]
        after = demo.export(AZURE, month, revision=2).totals
        demo.transfer(AZURE)
        demo.settle()
        print(f"  replaced: cost {before.cost} -> {after.cost}, rows {before.rows} -> {after.rows}")


def deliver_manifest_first(demo: Demo) -> None:
    """Deliver a manifest before its data files. The old month stays until the delivery is complete."""
    month = demo.months[0]
    with step(f"AWS restates {month}, and the manifest arrives before the data"):
        start, before = len(demo.log.entries), loaded_totals(demo.system, AWS)[month]
        delivery = demo.export(AWS, month, "manifest", revision=2)
        demo.transfer(AWS)
        demo.settle()
        print(f"  waiting: {demo.logged('waiting', start)}")
        demo.expect("the old month during the wait", loaded_totals(demo.system, AWS)[month], before)
        demo.system.deliver(AWS.source, delivery, "data")
        demo.settle()


def sweep(demo: Demo) -> None:
    with step("The hourly sweep compares every month with the load history"):
        answer = demo.system.sweep()
        demo.expect("the sweep's status", answer.status, 200)
        found = answer.json()
        loaded, mismatched = len(found["loaded"]), len(found["mismatched"])
        print(f"  {found['months']} months compared: {loaded} loaded, {mismatched} mismatched")
        demo.expect("months that the sweep loaded or found changed", found["loaded"] + found["mismatched"], [])


def check_totals(demo: Demo) -> None:
    for table in (AWS, AZURE):
        demo.differences += differences(table.source, loaded_totals(demo.system, table), demo.expected[table.source])


def show_costs(demo: Demo) -> None:
    for table in (AWS, AZURE):
        rows = demo.query(
            f"SELECT {table.service} AS service, {table.currency} AS currency, SUM({table.cost}) AS cost"
            f" FROM `{demo.system.table(table.source)}` GROUP BY 1, 2 ORDER BY cost DESC LIMIT 6"
        )
        show(f"Cost by service, {table.source} (the six largest)", rows)
    show("Cost by provider", demo.query(_BY_PROVIDER))


def show_unloaded_events(demo: Demo) -> None:
    """Count the events that loaded nothing, by reason, each with one example."""
    coded = [entry for entry in demo.log.entries if entry.get("code")]
    reasons = Counter((entry.get("action"), entry["code"]) for entry in coded)
    examples = {(entry.get("action"), entry["code"]): entry["message"] for entry in coded}
    rows = [
        {"events": number, "result": action, "code": code, "example": shortened(examples[action, code])}
        for (action, code), number in reasons.most_common()
    ]
    show("Events that loaded nothing, by reason", rows)


def shortened(message: str) -> str:
    """Cut the message's first word, which is the result, and shorten paths to file names."""
    words = message.partition(": ")[2].split(" ")
    return " ".join(word.rpartition("/")[2] or word for word in words)[:100]
