"""`make demo EXPORTS=<dir>`: load your own exports through the real Terraform on the emulator.

Every folder in the directory mirrors one bucket or container. Nothing in it is modified.
The exit code is 1 if a month was rejected, waits or differs from its manifest, or if a source loaded nothing.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from billing.formats import FORMATS
from tests.demo.environment import apply, check_terraform, new_emulator, write_report
from tests.demo.exports_folder import FoundSource, UnusableError, find_sources
from tests.demo.output import FunctionLog, show, step
from tests.emulator import Emulator
from tests.support.terraform_deployment import TerraformDeployment

_SETTLE_SECONDS = 3600.0
_STATUS = (
    "SELECT source, month, state, row_count, cost, currency, code, message"
    " FROM `{}.billing_status` ORDER BY source, month, currency"
)
_SHOWN = ("source", "month", "state", "row_count", "cost", "currency", "code")


def main() -> int:
    check_terraform()
    try:
        sources = find_sources(Path(os.environ["EXPORTS"]))
    except UnusableError as error:
        sys.exit(str(error))
    show("Recognised exports", [_described(source) for source in sources])
    print()
    log = FunctionLog()
    with (
        tempfile.TemporaryDirectory(prefix="demo-") as folder,
        new_emulator(log) as cloud,
        _system(cloud, Path(folder), sources) as system,
    ):
        apply(system)
        _load(system, sources)
        status = _status(system)
        report_code = write_report(system) if status else 0
    show("billing_status", [{name: row[name] for name in _SHOWN} for row in status])
    problems = _problems(sources, status, log)
    _print_problems(problems)
    return 1 if problems else report_code


def _described(source: FoundSource) -> dict[str, Any]:
    return {
        "source": _source_key(source),
        "folder": source.bucket.name,
        "export": source.export_name,
        "format": source.format,
        "version": source.version,
        "manifests": source.manifests,
    }


def _source_key(source: FoundSource) -> str:
    """Return the key as the log and billing_status show it: Terraform puts the provider before it."""
    return f"{source.provider}_{source.key}"


def _system(cloud: Emulator, folder: Path, sources: Sequence[FoundSource]) -> TerraformDeployment:
    """Give every source a bucket of its own at the provider, so that two sources may read one folder."""
    settings: dict[str, Any] = {f"{one.provider}_sources": {} for one in FORMATS.values()}
    folders: dict[str, Path] = {}
    for number, source in enumerate(sources):
        place, bucket = _provider_settings(source, number)
        folders[bucket] = source.bucket
        settings[f"{source.provider}_sources"][source.key] = {
            "path": source.path,
            "export_name": source.export_name,
            "format": source.format,
            "table_name": source.key,
            "settle_hours": 0,  # the files in a copy do not change any more
            **place,
            **source.settings,
        }
    return TerraformDeployment(cloud, folder, folders=folders, most_instances=2, **settings)


def _provider_settings(source: FoundSource, number: int) -> tuple[dict[str, Any], str]:
    """Return Terraform's settings for the place of the export, and the name of that place: S3, or Blob for Azure."""
    name = f"exports-{number}"
    if source.provider != "azure":
        return {"bucket": name, "role_arn": "arn:aws:iam::123456789012:role/demo"}, name
    place = {"storage_account": "demo", "container": name}
    secret = {"credentials_secret": "projects/123456789012/secrets/demo"}
    version = {"focus_version": source.version} if source.version else {}
    return {**place, **secret, **version}, f"demo/{name}"


def _load(system: TerraformDeployment, sources: Sequence[FoundSource]) -> None:
    with step("Storage Transfer copies the files, and each new file calls a function"):
        for source in sources:
            copied = system.transfer(_source_key(source)).run()
            print(f"  {_source_key(source)}: {len(copied)} files copied")
        system.emulator.events.settle(_SETTLE_SECONDS)
    with step("The sweep checks every month and records which ones wait"):
        system.sweep()


def _status(system: TerraformDeployment) -> list[dict[str, Any]]:
    """Return the rows of billing_status. The view does not exist if no manifest could be read."""
    client, dataset = system.emulator.bigquery, f"{system.settings.project}.{system.dataset}"
    if "billing_status" not in {table.table_id for table in client.list_tables(dataset)}:
        return []
    return [dict(row) for row in client.query_and_wait(_STATUS.format(dataset))]


def _problems(sources: Sequence[FoundSource], status: Sequence[dict[str, Any]], log: FunctionLog) -> list[str]:
    """Describe each month that is not loaded, each manifest without a month, and each source without any."""
    months = dict.fromkeys(  # a month has a row for each currency
        f"{row['source']} {row['month']}: {row['state']}, {row['code']}: {row['message']}"
        for row in status
        if row["code"] and row["code"] != "MONTH_SHRANK"  # the newest delivery is loaded, and an older one was larger
    )
    unrecorded = {
        f"{entry['source']}: {entry['code']}: {entry['message']}"
        for entry in log.entries
        if entry.get("action") == "failed" or (entry.get("action") == "rejected" and entry.get("month") is None)
    }
    keys = set(map(_source_key, sources))
    without_month = sorted(keys - {row["source"] for row in status})
    return [*months, *sorted(unrecorded), *(f"{key}: none of its manifests led to a month." for key in without_month)]


def _print_problems(problems: Sequence[str]) -> None:
    if not problems:
        print("\nEvery delivery that the manifests name is loaded.")
        return
    print("\nNot loaded, and why")
    for problem in problems:
        print(f"  {problem}")


if __name__ == "__main__":
    sys.exit(main())
