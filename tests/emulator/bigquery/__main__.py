"""Run the server. Its one argument is a JSON object: port, home, storage_root, location, on_disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bqemulator import server
from bqemulator.api.dependencies import AppContext
from bqemulator.config import Settings
from fastapi import FastAPI
from starlette.middleware import Middleware

from tests.emulator.bigquery import access, engine, information_schema, parsing, statements, translations
from tests.emulator.bigquery.jobs import Jobs
from tests.emulator.bigquery.partitions import PartitionTimes
from tests.emulator.bigquery.tables import Tables
from tests.emulator.discovery.bigquery_judge import BigQueryJudge


def main() -> None:
    given = json.loads(sys.argv[1])
    partition_times = PartitionTimes()
    access.install()
    parsing.install()
    translations.install()
    engine.install(partition_times, Path(given["home"]) / "tables.duckdb" if given["on_disk"] else None)
    information_schema.install()
    statements.install(given["location"])
    stock_app = server.create_app

    def create_app(context: AppContext) -> FastAPI:
        """Put our routes first, so that they win over those of bqemulator."""
        app: FastAPI = stock_app(context)
        jobs = Jobs(context, given["location"], Path(given["storage_root"]), partition_times)
        app.router.routes[:0] = [*jobs.router().routes, *Tables(context, given["location"]).router().routes]
        app.user_middleware.append(Middleware(BigQueryJudge))  # the innermost, behind what decodes gzip
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
