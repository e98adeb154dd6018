"""`make demo EXPORTS=<dir>`: somebody's own exports through the real root on the laptop's cloud.

Every folder in the directory mirrors one bucket or container; nothing in it is modified. Exits with 1 when a month was
rejected, waits, or differs from its manifest, or when a source loaded nothing; with a sentence where it cannot begin.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.demo.demo import check_terraform, show, step, write_report
from tests.demo.exports_folder import FoundSource, UnusableError, find_sources
from tests.emulator import Backoff, Emulator
from tests.support.terraform_deployment import TerraformDeployment

_SETTLE_SECONDS = 3600.0
_LAPTOPS_LIMIT = "The local cloud cannot hold"
_STATUS = (
    "SELECT source, month, state, row_count, cost, currency, code, message"
    " FROM `{}.billing_status` ORDER BY source, month"
)


def main() -> int:
    check_terraform()
    try:
        sources = find_sources(Path(os.environ["EXPORTS"]))
    except UnusableError as error:
        sys.exit(str(error))
    show("Recognised", [_described(source) for source in sources])
    heard: list[dict[str, Any]] = []
    with (
        tempfile.TemporaryDirectory(prefix="demo-") as folder,
        Emulator(backoff=Backoff(first_seconds=0.5, longest_seconds=2.0), on_log_line=_listener(heard)) as emulator,
        _system(emulator, Path(folder), sources) as system,
    ):
        print(f"\nOn the laptop's cloud (emulators; no account, nothing leaves this machine), by {system.terraform}.")
        _load(system, sources)
        status = _status(system)
        written = write_report(system) if status else 0
    return max(_report(sources, status, heard), written)


def _described(source: FoundSource) -> dict[str, Any]:
    names = ("source", "folder", "export", "format", "version", "manifests")
    values = (source.key, source.bucket.name, source.export_name, source.format, source.version, source.manifests)
    return dict(zip(names, values, strict=True))


def _listener(heard: list[dict[str, Any]]) -> Callable[[str, str], None]:
    def listen(_: str, line: str) -> None:
        if line.startswith("{"):
            entry = json.loads(line)
            heard.append(entry)
            if entry.get("action") == "loaded" or entry["severity"] in ("ERROR", "WARNING"):
                print(f"  {entry.get('source') or '':<14} {entry['message']}")

    return listen


def _system(emulator: Emulator, folder: Path, sources: Sequence[FoundSource]) -> TerraformDeployment:
    """Every source has a bucket of its own name at the provider, so that two may read one folder."""
    settings: dict[str, dict[str, Any]] = {"aws": {}, "azure": {}}
    folders: dict[str, Path] = {}
    for number, source in enumerate(sources):
        at, name = _provider_settings(source, number)
        folders[name] = source.bucket
        settings[source.provider][source.key] = {
            "path": source.path,
            "export_name": source.export_name,
            "format": source.format,
            "table_name": source.key,
            "settle_hours": 0,  # a copy on a laptop does not change any more
            **at,
            **source.settings,
        }
    return TerraformDeployment(
        emulator,
        folder,
        aws_sources=settings["aws"],
        azure_sources=settings["azure"],
        folders=folders,
        most_instances=2,
    )


def _provider_settings(source: FoundSource, number: int) -> tuple[dict[str, Any], str]:
    if source.provider == "aws":
        bucket = f"exports-{number}"
        return {"bucket": bucket, "role_arn": "arn:aws:iam::123456789012:role/demo"}, bucket
    place = {"storage_account": "demo", "container": f"exports-{number}"}
    secret = {"credentials_secret": "projects/123456789012/secrets/demo"}
    version = {"focus_version": source.version} if source.version else {}
    return {**place, **secret, **version}, f"demo/exports-{number}"


def _load(system: TerraformDeployment, sources: Sequence[FoundSource]) -> None:
    with step("terraform init and apply: buckets, tables, functions, triggers, transfers, schedule"):
        system.apply()
    with step("Storage Transfer copies them, each file's event calls a function"):
        for source in sources:
            copied = system.transfer(f"{source.provider}_{source.key}").run()
            print(f"  {source.key}: {len(copied)} files copied")
        system.emulator.events.settle(_SETTLE_SECONDS)
    with step("The sweep looks at every month, and books what waits"):
        system.sweep()


def _status(system: TerraformDeployment) -> list[dict[str, Any]]:
    """Nothing is booked, and there is no view, where no manifest could be read at all."""
    client, dataset = (
        system.emulator.bigquery,
        f"{system.settings.project}.{system.dataset}",
    )
    if "billing_status" not in {table.table_id for table in client.list_tables(dataset)}:
        return []
    return [dict(row) for row in client.query_and_wait(_STATUS.format(dataset))]


def _report(sources: Sequence[FoundSource], status: Sequence[dict[str, Any]], heard: Sequence[dict[str, Any]]) -> int:
    show("billing_status", [{name: row[name] for name in list(row)[:7]} for row in status])
    wrong = [
        f"{row['source']} {row['month']}: {row['state']}, {row['code']}: {row['message']}"
        for row in status
        if row["code"]
    ]
    booked = {row["source"] for row in status}
    uncommitted = {
        f"{entry['source']}: {entry['code']}: {entry['message']}"
        for entry in heard
        if entry.get("action") == "failed" or (entry.get("action") == "rejected" and entry.get("month") is None)
    }
    keys = {f"{one.provider}_{one.key}" for one in sources}
    idle = [f"{key}: none of its manifests led to a month." for key in sorted(keys - booked)]
    problems = [*wrong, *sorted(uncommitted), *idle]
    if not problems:
        print("\nEverything that the manifests name is loaded.")
        return 0
    print("\nWhat is not loaded, and why")
    for problem in problems:
        print(f"  {problem}")
        if _LAPTOPS_LIMIT in problem:
            print("    This is a limit of the laptop's BigQuery (18 decimals); Google's takes 38, and would load it.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
