"""`make demo EXPORTS=<dir>`: load your own exports through the real Terraform on the emulator.

Every folder in the directory mirrors one bucket or container. Nothing in it is modified.
A dry run first says what will be loaded and what will not. If nothing can be loaded, the emulator is not started.
The exit code is 1 if a month was rejected, waits or differs from its manifest, if data has no manifest, if a folder is
not recognised, or if a source loaded nothing.
"""

import os
import sys
import tempfile
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from billing.errors import one_line
from billing.formats import FORMATS
from tests.demo.dry_run import Plan, plan_source
from tests.demo.environment import announce, apply, check_terraform, new_emulator, write_report
from tests.demo.exports_folder import FoundExports, FoundSource, find_exports
from tests.demo.folder_settings import UnusableError
from tests.demo.output import FunctionLog, show, step
from tests.demo.patience import settle
from tests.emulator import Emulator
from tests.support.terraform_deployment import TerraformDeployment

_SETTLE_SECONDS = 3600.0
_STATUS = (
    "SELECT source, month, state, finality, row_count, cost, currency, code, message"
    " FROM `{}.billing_status` ORDER BY source, month, currency"
)
_SHOWN = ("source", "month", "state", "finality", "row_count", "cost", "currency", "code")
_QUALITY = "SELECT source, month, code, broken, description FROM `{}` ORDER BY source, month, code"


def main() -> int:
    check_terraform()
    with step("Dry run: what is recognised, and what can be loaded"):
        try:
            exports = find_exports(Path(os.environ["EXPORTS"]))
        except UnusableError as error:
            sys.exit(one_line(str(error)))
        plans = [plan_source(source, datetime.now(UTC)) for source in exports.sources]
    refused = _show_plans(exports, plans)
    if not any(plan.loads for plan in plans):
        print("\nNo month can be loaded, so the emulator is not started.")
        return 1
    problems, report_code = _run(exports.sources, refused)
    print_problems([*exports.problems, *problems])
    return 1 if exports.problems or problems else report_code


def _show_plans(exports: FoundExports, plans: Sequence[Plan]) -> list[str]:
    """Print the dry run. Return what will not be loaded, and why."""
    show("Recognised exports", [_described(source) for source in exports.sources])
    show("Months", [row for plan in plans for row in _month_rows(plan)])
    refused = [reason for plan in plans for reason in plan.refused]
    for title, lines in (
        ("Will not be loaded, and why", [*exports.problems, *refused]),
        ("Notes", [*exports.notes, *(note for plan in plans for note in plan.notes)]),
    ):
        if lines:
            print("\n".join([f"\n{title}", *(f"  {one_line(line)}" for line in lines)]))
    return refused


def _described(source: FoundSource) -> dict[str, Any]:
    return {
        "source": source.name,
        "folder": source.bucket.name,
        "provider": source.provider,
        "export": source.source.export_name,
        "account or scope": source.scope,
        "format": source.source.format_name,
        "version": source.version,
        "manifests": source.manifests,
    }


def _month_rows(plan: Plan) -> Iterable[dict[str, Any]]:
    for one in plan.months:
        yield {
            "source": plan.found.name,
            "month": one.month,
            "files": one.files,
            "bytes": f"{one.bytes:,}",
            "will be loaded": "no" if one.reasons else "yes",
            "delivery": one.what,
        }


def _run(sources: Sequence[FoundSource], refused: Sequence[str]) -> tuple[list[str], int]:
    """Load the sources on the emulator. Return the problems, and the exit code of the report."""
    log = FunctionLog()
    with (
        tempfile.TemporaryDirectory(prefix="demo-") as folder,
        new_emulator(log) as cloud,
        _system(cloud, Path(folder), sources) as system,
    ):
        announce(system.terraform)
        apply(system)
        given_up = _load(system, sources, log)
        status, quality = _status(system), _quality(system)
        report_code = write_report(system) if status else 0
    show("billing_status", [{name: row[name] for name in _SHOWN} for row in status])
    show("Rules that billing_quality finds broken", quality)
    return _problems(sources, status, refused, [*given_up, *_failures(log)]), report_code


def _system(cloud: Emulator, folder: Path, sources: Sequence[FoundSource]) -> TerraformDeployment:
    """Give every source a bucket of its own at the provider, so that two sources may read one folder."""
    settings: dict[str, Any] = {f"{one.provider}_sources": {} for one in FORMATS.values()}
    folders: dict[str, Path] = {}
    for number, source in enumerate(sources):
        place, bucket = _provider_settings(source, number)
        folders[bucket] = source.bucket
        settings[f"{source.provider}_sources"][source.key] = {
            "path": source.source.source_path,
            "export_name": source.source.export_name,
            "format": source.source.format_name,
            "table_name": source.key,
            "settle_hours": 0,  # the files in a copy do not change any more
            **place,
            **source.settings,
        }
    # A download or an unpacked archive need not keep the times of the provider.
    return TerraformDeployment(cloud, folder, folders=folders, most_instances=2, has_times=False, **settings)


def _provider_settings(source: FoundSource, number: int) -> tuple[dict[str, Any], str]:
    """Return Terraform's settings for the place of the export, and the name of that place: S3, or Blob for Azure."""
    name = f"exports-{number}"
    if source.provider != "azure":
        return {"bucket": name, "role_arn": "arn:aws:iam::123456789012:role/demo"}, name
    place = {"storage_account": "demo", "container": name}
    secret = {"credentials_secret": "projects/123456789012/secrets/demo"}
    version = {"focus_version": source.version} if source.version else {}
    return {**place, **secret, **version}, f"demo/{name}"


def _load(system: TerraformDeployment, sources: Sequence[FoundSource], log: FunctionLog) -> list[str]:
    """Copy the files and wait for their events. Return what was given up."""
    with step("Storage Transfer copies the files, and each new file calls a function"):
        for source in sources:
            copied = system.transfer(source.name).run(source.needed_names)
            print(f"  {source.name}: {len(copied)} files copied")
        given_up = settle(system.emulator.events, log, _SETTLE_SECONDS)
    with step("The sweep checks every month and records which ones wait"):
        system.sweep()
    return given_up


def _status(system: TerraformDeployment) -> list[dict[str, Any]]:
    """Return the rows of billing_status. The view does not exist if no manifest could be read."""
    client, dataset = system.emulator.bigquery, f"{system.settings.project}.{system.dataset}"
    if "billing_status" not in {table.table_id for table in client.list_tables(dataset)}:
        return []
    return [dict(row) for row in client.query_and_wait(_STATUS.format(dataset))]


def _quality(system: TerraformDeployment) -> list[dict[str, Any]]:
    """Return the rows of billing_quality, which does not exist before the first load."""
    client, view = system.emulator.bigquery, system.settings.quality_view
    dataset, _, name = view.rpartition(".")
    if name not in {table.table_id for table in client.list_tables(dataset)}:
        return []
    return [dict(row) for row in client.query_and_wait(_QUALITY.format(view))]


def _failures(log: FunctionLog) -> list[str]:
    """Return what the functions logged about no month: failed work, and manifests whose path names no month.

    What the sweep leaves to a next one is a failure too, because no next sweep comes.
    """
    lines = dict[str, str]()
    for entry in log.entries:
        rejected = entry.get("action") == "rejected" and entry.get("month") is None
        if entry.get("action") == "failed" or rejected:
            lines[f"{entry['source']}: {entry['code']}: {entry['message']}"] = ""
    sweeps = [entry for entry in log.entries if entry.get("action") in ("sweep", "stalled")]
    left = set(sweeps[-1].get("deferred", ())) if sweeps else set()
    retried = {entry["object"]: entry for entry in log.entries if entry.get("action") == "retried"}
    return [*sorted(lines), *(f"{what}: {_reason(retried.get(what))}" for what in sorted(left))]


def _reason(entry: dict[str, Any] | None) -> str:
    return f"{entry['code']}: {entry['message']}" if entry else "the sweep did not finish it."


def _problems(
    sources: Sequence[FoundSource],
    status: Sequence[dict[str, Any]],
    refused: Sequence[str],
    failures: Sequence[str],
) -> list[str]:
    """Describe each month that is not loaded, each manifest without a month, and each source without any.

    A reason of the dry run is left out if billing_status has the month, because it then has the reason of the loader.
    """
    recorded = {(row["source"], row["month"]) for row in status if row["code"] or row["state"] != "loaded"}
    months = dict.fromkeys(  # a month has a row for each currency
        f"{row['source']} {row['month']}: {row['state']}, {row['code']}: {row['message']}"
        for row in status
        if row["code"] and row["code"] != "MONTH_SHRANK"  # the newest delivery is loaded, and an older one was larger
    )
    only_planned = [one for one in refused if not _is_told(one, recorded, failures)]
    without_month = sorted({source.name for source in sources} - {row["source"] for row in status})
    nothing = [f"{key}: none of its manifests led to a month." for key in without_month]
    return list(dict.fromkeys([*months, *only_planned, *failures, *nothing]))


def _is_told(refused: str, recorded: Collection[tuple[str, str]], failures: Sequence[str]) -> bool:
    """Return whether the loader says the same: `refused` begins with source and month."""
    about, _, reason = refused.partition(": ")
    source, _, month = about.partition(" ")
    return (source, month) in recorded or any(reason in failure for failure in failures)


def print_problems(problems: Sequence[str]) -> None:
    if not problems:
        print("\nEvery delivery that the manifests name is loaded.")
        return
    print("\nNot loaded, and why")
    for problem in problems:
        print(f"  {one_line(problem)}")


if __name__ == "__main__":
    sys.exit(main())
