"""Run the server. Its one argument is a JSON object with the settings that `BigQueryServer` gives."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bqemulator import server
from bqemulator.api.dependencies import AppContext
from bqemulator.config import Settings
from fastapi import FastAPI
from starlette.middleware import Middleware

from tests.emulator.bigquery import access_entries, engine, information_schema, parsing, statements, translations
from tests.emulator.bigquery.jobs import Jobs
from tests.emulator.bigquery.partitions import PartitionTimes
from tests.emulator.bigquery.tables import Tables
from tests.emulator.discovery.bigquery_judge import BigQueryJudge
from tests.emulator.permissions.bigquery_access import Access
from tests.emulator.permissions.bigquery_guard import BigQueryGuard
from tests.emulator.permissions.store import PolicyFile


def main() -> None:
    given = json.loads(sys.argv[1])
    partition_times = PartitionTimes()
    access_entries.install()
    parsing.install()
    translations.install()
    engine.install(partition_times, Path(given["home"]) / "tables.duckdb" if given["on_disk"] else None)
    information_schema.install()
    access = Access(PolicyFile(given["project"], Path(given["policy_file"])))
    statements.install(given["location"], access)
    stock_app = server.create_app

    def create_app(context: AppContext) -> FastAPI:
        """Put our routes first, so that they win over those of bqemulator."""
        app: FastAPI = stock_app(context)
        access.catalog = context.catalog
        jobs = Jobs(context, given["location"], Path(given["storage_root"]), partition_times, access)
        tables = Tables(context, given["location"], access)
        app.router.routes[:0] = [*jobs.router().routes, *tables.router().routes]
        # the innermost, behind what decodes gzip
        app.user_middleware += [Middleware(BigQueryJudge), Middleware(BigQueryGuard, access=access)]
        return app

    server.create_app = create_app
    settings = Settings(
        rest_port=given["port"],
        grpc_port=0,
        upload_staging_dir=Path(given["home"]) / "uploads",
        enable_format_extensions=False,
        log_level="error",
        metrics_enabled=False,
    )
    server.run_forever(settings)


if __name__ == "__main__":
    main()
