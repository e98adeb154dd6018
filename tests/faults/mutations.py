"""Each guard of the load path, how it is switched off, and the test that fails without it.

A pytest plugin: with GUARD_OFF=name, the tests of a session run with that guard taken out of the real code.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pkgutil import resolve_name
from typing import Any

import pytest

Off = Callable[[pytest.MonkeyPatch], None]
_LEASE, _ORDER, _BAD = (f"tests/integration/test_{name}.py::test_" for name in ("lease", "order", "bad_deliveries"))
_SWEEP, _UNIT, _FAULTS = "tests/integration/test_sweep.py::test_", "tests/unit/", "tests/faults/"


@dataclass(frozen=True)
class Guard:
    name: str
    caught_by: str  # the named test, as pytest names it
    off: Off


def put(target: str, value: object) -> Off:
    return lambda patch: patch.setattr(target, value)


def both(*offs: Off) -> Off:
    def off(patch: pytest.MonkeyPatch) -> None:
        for one in offs:
            one(patch)

    return off


def around(target: str, change: Callable[..., Any]) -> Off:
    """`change` is called with the real thing in front of its arguments."""

    def off(patch: pytest.MonkeyPatch) -> None:
        real = resolve_name(target)
        patch.setattr(target, lambda *arguments, **more: change(real, *arguments, **more))

    return off


def _write_over(real: Any, blob: Any, terms: Any, generation: int) -> Any:
    found, held = real(blob, terms, generation)
    return (found, held) if held == terms else real(blob, terms, found)


def _first_look_only(patch: pytest.MonkeyPatch) -> None:
    observe, looks = resolve_name("billing.workflows.load.observe"), {}  # type: ignore[var-annotated]
    patch.setattr(
        "billing.workflows.load.observe", lambda visit: looks.setdefault(id(visit), (visit, observe(visit)))[1]
    )


def _without(**changes: object) -> Callable[..., Any]:
    """A job id that leaves a part out."""
    return lambda real, load, attempt: real(replace(load, **changes), attempt)


def _any_creation(real: Any, load: Any, attempt: str) -> Any:
    return real(replace(load, destination=replace(load.destination, created="")), attempt)


def _no_etag(real: Any, warehouse: Any, table: Any, added: Any) -> Any:
    table.handle._properties.pop("etag", None)
    return real(warehouse, table, added)


def _rows_do_not_count(real: Any, before: Any, after: Any, loaded: Any) -> Any:
    return real(replace(before, export=replace(before.export, rows=None)), after, loaded)


def _job_is_never_looked_up(real: Any, leases: Any, *arguments: Any) -> Any:
    leases._job_is_running = lambda _: False
    return real(leases, *arguments)


def _keeping_the_other_s_generation(real: Any, lease: Any, job_id: str) -> None:
    try:
        real(lease, job_id)
    finally:
        lease.blob.reload()
        lease.generation = lease.blob.generation


def _of_any_table(books: Any, *_: str) -> Any:
    return books.loaded


def _audit_without(**known: object) -> Callable[..., Any]:
    return lambda real, books, *arguments: real(replace(books, **known), *arguments)


def _state_alone(real: Any, source: Any, state: Any, tracked: Any, _: Any) -> Any:
    return real(source, state, tracked, None)


def _one_pipeline(source: Any, _: str) -> str:
    return f"{source.key}__2025_01"


def _is_complete(dataset: str) -> str:
    return f"(_dlt_load_id IN (SELECT load_id FROM `{dataset}._dlt_loads` WHERE status = 0))"


def _anywhere(key: str, source: Any, _: object) -> str:
    return str(source.prefix + key.removeprefix(source.source_path))


_NOTHING: Callable[..., None] = lambda *_: None  # noqa: E731

GUARDS: Mapping[str, Guard] = {
    guard.name: guard
    for guard in (
        Guard("lease", f"{_LEASE}a_held_lease_makes_others_come_back", around("billing.gcp.lease._write", _write_over)),
        Guard(
            "lease kept while its job runs",
            f"{_LEASE}a_job_that_outlives_the_function_keeps_its_lease",
            put("billing.gcp.lease.Lease.keep_for_job", property(lambda _: False, lambda *_: None)),
        ),
        Guard(
            "job looked up before a takeover",
            f"{_LEASE}an_expired_lease_whose_job_still_runs_is_busy",
            around("billing.gcp.lease.Leases.acquire", _job_is_never_looked_up),
        ),
        Guard(
            "only one's own lease is released",
            f"{_LEASE}an_instance_whose_lease_was_taken_over_does_not_release_the_other_s",
            around("billing.gcp.lease.Lease.record", _keeping_the_other_s_generation),
        ),
        Guard(
            "second decision under the lease",
            f"{_LEASE}what_was_read_before_the_lease_is_only_a_reason_to_try",
            _first_look_only,
        ),
        Guard(
            "deadline before insert",
            f"{_LEASE}no_job_is_inserted_after_the_deadline",
            put("billing.gcp.load_jobs.INSERT_DEADLINE", float("inf")),
        ),
        Guard(
            "lease's term before booking",
            f"{_LEASE}an_instance_that_slept_past_its_lease_does_not_write_the_books",
            put("billing.workflows.record.LEASE_DURATION", timedelta.max),
        ),
        Guard(
            "etag on added columns",
            f"{_LEASE}a_table_that_changed_meanwhile_is_read_again",
            around("billing.gcp.bigquery.Warehouse.add_columns", _no_etag),
        ),
        Guard(
            "order key",
            f"{_ORDER}an_older_run_never_replaces_a_newer_one",
            put("billing.decisions.state.MonthState.newer_load_than", _NOTHING),
        ),
        Guard(
            "completeness",
            f"{_ORDER}a_manifest_before_its_data_waits_and_then_loads",
            both(
                put("billing.decisions.decide.missing_files", _NOTHING),
                put("billing.workflows.evaluate.missing_files", _NOTHING),
            ),
        ),
        Guard(
            "content print",
            f"{_ORDER}the_same_delivery_again_is_a_duplicate",
            put("billing.decisions.delivery.Delivery.content", property(lambda delivery: delivery.generations)),
        ),
        Guard(
            "generations print",
            f"{_BAD}the_next_good_files_clear_a_rejection",
            around("billing.gcp.load_jobs.MonthLoad.job_id", _without(generations="")),
        ),
        Guard(
            "FILES_CHANGED_DURING_LOAD check",
            f"{_ORDER}a_file_that_is_replaced_while_it_is_read_is_booked_as_torn_and_loaded_again",
            around("billing.workflows.load.check", lambda real, before, _, loaded: real(before, before, loaded)),
        ),
        Guard(
            "table identity in the head",
            f"{_ORDER}a_table_created_again_is_loaded_again",
            put("billing.decisions.state.MonthState.loaded_into", _of_any_table),
        ),
        Guard(
            "table identity in the job id",
            f"{_FAULTS}test_destinations.py::test_what_a_table_refused_is_loaded_into_the_one_that_was_made_in_its_place",
            around("billing.gcp.load_jobs.MonthLoad.job_id", _any_creation),
        ),
        Guard(
            "head in the job id",
            "tests/integration/test_replay.py::test_the_newest_delivery_is_loaded_again_by_another_job_each_time",
            around("billing.gcp.load_jobs.MonthLoad.job_id", _without(replaces_job_id="")),
        ),
        Guard(
            "month written since a job that is taken up",
            f"{_LEASE}a_job_is_not_taken_up_where_another_has_written_the_month_since",
            put("billing.gcp.load_jobs.LoadJobs._is_replaced", lambda *_: False),
        ),
        Guard(
            "audit of when a month was written",
            f"{_SWEEP}a_month_that_was_written_after_it_was_booked_is_reported_and_restored",
            around("billing.workflows.sweep.difference", _audit_without(loaded_at=None)),
        ),
        Guard(
            "audit of what a month was last loaded from",
            "tests/unit/workflows/test_other_key.py::test_a_month_that_was_last_loaded_from_another_run_is_reported_and_restored",
            around("billing.workflows.sweep.difference", _audit_without(last_execution=None)),
        ),
        Guard(
            "settle rule",
            f"{_ORDER}an_overwrite_delivery_is_not_mixed_with_the_one_before",
            put("billing.decisions.decide._unsettled", _NOTHING),
        ),
        Guard(
            "times at the provider",
            f"{_FAULTS}test_interleavings.py::test_no_interleaving_is_ever_loaded_as_a_mix[over a booked one]",
            put("billing.decisions.decide._written_apart", _NOTHING),
        ),
        Guard(
            "narrower run",
            f"{_BAD}a_narrower_run_never_replaces_a_wider_one",
            put("billing.decisions.decide._rejection", _NOTHING),
        ),
        Guard(
            "one scope of an export's name",
            f"{_UNIT}decisions/test_decide.py::test_a_delivery_that_must_not_replace_a_month_is_rejected",
            put("billing.decisions.decide._is_of_another_scope", lambda *_: False),
        ),
        Guard(
            "rows differ",
            f"{_BAD}rows_that_differ_from_the_manifest_are_booked_with_both_numbers",
            around("billing.workflows.load.check", _rows_do_not_count),
        ),
        Guard(
            "a refusal stands",
            f"{_BAD}a_bad_manifest_is_rejected_with_its_code_before_any_load[azure-empty]",
            both(
                put("billing.decisions.decide.rejected_before", _NOTHING),
                put("billing.workflows.evaluate.rejected_before", _NOTHING),
            ),
        ),
        Guard(
            "prefix check",
            f"{_BAD}a_bad_manifest_is_rejected_with_its_code_before_any_load[aws-path with dots]",
            put("billing.manifests.model.landed_name", _anywhere),
        ),
        Guard(
            "duplicate keys",
            f"{_UNIT}manifests/test_aws_cur.py::test_repeated_key_is_rejected",
            put("billing.manifests.check_shape", _NOTHING),
        ),
        Guard(
            "per-month state",
            f"{_SWEEP}a_rejected_month_is_one_job_and_one_row_until_something_changes",
            both(
                put("billing.gcp.history.pipeline_name", _one_pipeline),
                put("tests.fakes.history.pipeline_name", _one_pipeline),
            ),
        ),
        Guard(
            "unbooked loads bar older runs",
            f"{_FAULTS}test_lost_state.py::test_tables_restored_from_an_old_copy_cost_one_reload_and_let_no_older_run_pass",
            both(
                around("billing.gcp.history.reconcile", _state_alone),
                around("tests.fakes.history.reconcile", _state_alone),
            ),
        ),
        Guard(
            "loads older than dlt's memory count",
            f"{_FAULTS}test_lost_state.py::test_dropped_tables_that_another_month_made_again_let_no_older_run_pass[_dlt_loads]",
            both(
                put("billing.gcp.history_queries.load_is_complete", _is_complete),
                put("billing.views.status.load_is_complete", _is_complete),
            ),
        ),
    )
}


def pytest_collection_finish(session: pytest.Session) -> None:
    """After the tests have imported what they compare with."""
    name = os.environ.get("GUARD_OFF")
    if name:
        patch = pytest.MonkeyPatch()
        GUARDS[name].off(patch)
        session.config.add_cleanup(patch.undo)
