"""The checks of the load path: how each is taken out, and the test that fails without it.

A pytest plugin: with MUTATION=name, a session runs with that check taken out of the real code. A change names the
modules that use the function, because each has imported it under its own name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pkgutil import resolve_name
from typing import Any

import pytest

from billing.decisions.sample import sample
from billing.errors import BillingError
from billing.gcp.lease import LeaseRecord

_LEASE, _ORDER, _BAD = (f"tests/integration/test_{name}.py::test_" for name in ("lease", "order", "bad_deliveries"))
_PERIODS, _BYTES = (f"tests/integration/test_{name}.py::test_" for name in ("periods", "bytes"))
_STAGING = "tests/unit/workflows/test_staging.py::test_"
_TYPES = "tests/integration/test_column_types.py::test_"
_SWEEP, _UNIT, _FAULTS = "tests/integration/test_sweep.py::test_", "tests/unit/", "tests/faults/"
_HEADER = f"{_UNIT}columns/test_csv_header.py::test_"
_TELL = f"{_UNIT}workflows/test_tell.py::test_"
_BROKEN, _SHRINKAGE = "tests/integration/test_broken_sources.py::test_", f"{_UNIT}workflows/test_shrinkage.py::test_"


@dataclass(frozen=True)
class Change:
    """One name that is replaced, in a module that uses it. `replacement` gets the real value."""

    target: str  # dotted
    replacement: Callable[[Any], Any]


@dataclass(frozen=True)
class Mutation:
    """A check that is taken out of the code, and the test that must fail then."""

    name: str
    caught_by: str  # the test's id
    changes: tuple[Change, ...]

    def apply(self, patch: pytest.MonkeyPatch) -> None:
        for change in self.changes:
            patch.setattr(change.target, change.replacement(resolve_name(change.target)))


def replaced(value: object, *targets: str) -> tuple[Change, ...]:
    return tuple(Change(target, lambda _: value) for target in targets)


def wrapped(change: Callable[..., Any], *targets: str) -> tuple[Change, ...]:
    """`change` is called with the real function in front of its arguments."""

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments, **more: change(real, *arguments, **more)

    return tuple(Change(target, wrap) for target in targets)


def _write_over(real: Any, blob: Any, wanted: Any, generation: int) -> Any:
    found, held = real(blob, wanted, generation)
    return (found, held) if held == wanted else real(blob, wanted, found)


def _evaluate_once(real: Any) -> Callable[..., Any]:
    evaluations: dict[int, tuple[Any, Any]] = {}

    def evaluate(services: Any, request: Any) -> Any:
        """The request is kept, so that no later one gets its id."""
        if id(request) not in evaluations:
            evaluations[id(request)] = request, real(services, request)
        return evaluations[id(request)][1]

    return evaluate


def _job_id_without(**changes: object) -> Callable[..., Any]:
    return lambda real, key, attempt: real(replace(key, **changes), attempt)


def _job_id_for_any_creation(real: Any, key: Any, attempt: str) -> Any:
    return real(replace(key, table=replace(key.table, created="")), attempt)


def _add_columns_without_etag(real: Any, warehouse: Any, table: Any, added: Any) -> Any:
    table.handle._properties.pop("etag", None)
    return real(warehouse, table, added)


def _check_without_row_count(real: Any, before: Any, after: Any, result: Any) -> Any:
    return real(replace(before, export=replace(before.export, rows=None)), after, result)


def _check_without_generations(real: Any, before: Any, _: Any, result: Any) -> Any:
    return real(before, before, result)


def _acquire_without_job_lookup(real: Any, leases: Any, *arguments: Any) -> Any:
    leases._job_may_run = lambda _: False
    return real(leases, *arguments)


def _look_up_job_only(real: Any, jobs: Any, job_id: str) -> bool:
    jobs._client.query = lambda *_, **more: None
    return bool(real(jobs, job_id))


def _headers_of_a_sample(real: Any, landing: Any, files: Any) -> Any:
    return real(landing, sample(files, 20))


def _expired_if_unreadable(real: Any, blob: Any, data: bytes) -> Any:
    try:
        return real(blob, data)
    except BillingError:
        return LeaseRecord("", datetime.min.replace(tzinfo=UTC), None)


def _record_with_other_generation(real: Any, lease: Any, job_id: str) -> None:
    try:
        real(lease, job_id)
    finally:
        lease.blob.reload()
        lease.generation = lease.blob.generation


def _record_only_changes(real: Any, lease: Any, job_id: str) -> None:
    if job_id != lease.holds.job_id:
        real(lease, job_id)


def _audit_without_times(real: Any, state: Any, table: Any, partition: Any) -> Any:
    return real(state, table, partition and replace(partition, modified=datetime.min.replace(tzinfo=UTC)))


def _reconcile_without_incomplete(real: Any, state: Any, complete: Any, _: Any) -> Any:
    return real(state, complete, None)


def _columns_with_values(real: Any, headers: Any) -> Any:
    return tuple(replace(column, has_values=True) for column in real(headers))


def _every_uri(real: Any, delivery: Any, bucket: str, **_: Any) -> Any:
    return real(delivery, bucket)


def _reading_every_column(real: Any, *arguments: Any, **more: Any) -> Any:
    return replace(real(*arguments, **more), omits_columns=False)


def _one_pipeline(source: Any, _: str) -> str:
    return f"{source.key}__2025_01"


def _only_known_loads(dataset: str) -> str:
    return f"(_dlt_load_id IN (SELECT load_id FROM `{dataset}._dlt_loads` WHERE status = 0))"


def _anywhere(key: str, source: Any, *_: object) -> str:
    return str(source.prefix + key.removeprefix(source.source_path))


def _plain_cast(column: str, _: object) -> str:
    return f"CAST({column} AS BIGNUMERIC)"


def _binary_value(real: Any, column: str, kind: Any) -> str:
    return f"SAFE_CAST({column} AS BIGNUMERIC)" if kind == "FLOAT" else str(real(column, kind))


def _more_members_not_seen(real: Any, head: bytes, name: str) -> tuple[bytes, bool]:
    return real(head, name)[0], False


def _has_cost_of_any(_cost: str, _header: object, has_cost: bool, _format: object) -> bool:
    return has_cost


def _cost_of_any_row(real: Any, billed: Any) -> Any:
    return real(replace(billed, costs=()))


def _swap_of_known_columns(real: Any, staging: str, column: str, month: str, staged: Any, table: Any) -> str:
    names = {field.name for field in table}
    return str(real(staging, column, month, [field for field in staged if field.name in names], table))


def _nothing(*_: object) -> None:
    return None


def _none_of(*_: object) -> list[Any]:
    return []


def _yes(*_: object) -> bool:
    return True


def _no(*_: object) -> bool:
    return False


def _execution_of(snapshot: Any, _: object) -> str:
    return str(snapshot.execution)


_RANK_BY_TIME = property(lambda delivery: ("", delivery.order_key))
_JOB_ID = "billing.decisions.load_key.LoadKey.job_id"

MUTATIONS: Mapping[str, Mutation] = {
    mutation.name: mutation
    for mutation in (
        Mutation(
            "lease",
            f"{_LEASE}held_lease_makes_others_retry",
            wrapped(_write_over, "billing.gcp.lease._write"),
        ),
        Mutation(
            "lease kept while its job runs",
            f"{_LEASE}job_that_outlives_the_function_keeps_its_lease",
            replaced(property(_no, _nothing), "billing.gcp.lease.Lease.keep_for_job"),
        ),
        Mutation(
            "job looked up before a takeover",
            f"{_LEASE}expired_lease_with_a_running_job_is_locked",
            wrapped(_acquire_without_job_lookup, "billing.gcp.lease.Leases.acquire"),
        ),
        Mutation(
            "job id of an expired lease is used up",
            f"{_UNIT}gcp/test_lease.py::test_insert_that_arrives_after_a_takeover_is_refused",
            wrapped(_look_up_job_only, "billing.gcp.load_jobs.LoadJobs.may_still_run"),
        ),
        Mutation(
            "only the own lease is released",
            f"{_LEASE}taken_over_lease_is_not_released_by_its_first_holder",
            wrapped(_record_with_other_generation, "billing.gcp.lease.Lease.record"),
        ),
        Mutation(
            "second evaluation under the lease",
            f"{_LEASE}decision_is_made_again_under_the_lease",
            (
                Change("billing.workflows.load.evaluate", _evaluate_once),
                Change("billing.workflows.record.evaluate", _evaluate_once),
            ),
        ),
        Mutation(
            "deadline before insert",
            f"{_LEASE}no_job_is_inserted_after_the_deadline",
            replaced(
                float("inf"), "billing.gcp.load_jobs.INSERT_DEADLINE", "billing.workflows.sweep_month.INSERT_DEADLINE"
            ),
        ),
        Mutation(
            "clock of the machine",
            f"{_UNIT}gcp/test_lease.py::test_machine_with_a_wrong_clock_gets_no_lease",
            replaced(timedelta.max, "billing.gcp.lease.MAX_DIFFERENCE"),
        ),
        Mutation(
            "time of the servers",
            f"{_UNIT}gcp/test_lease.py::test_lease_ends_by_the_time_of_the_servers",
            replaced(_nothing, "billing.clock.ServerClock.observe"),
        ),
        Mutation(
            "object that is no lease",
            f"{_UNIT}workflows/test_setup_fixes.py::test_wrong_object_of_the_bookkeeping_is_named_and_its_deletion_helps",
            wrapped(_expired_if_unreadable, "billing.gcp.lease._decoded"),
        ),
        Mutation(
            "object that is no owner",
            f"{_UNIT}workflows/test_setup_fixes.py::test_wrong_object_of_the_bookkeeping_is_named_and_its_deletion_helps",
            replaced(("",), "billing.gcp.owner._KINDS"),
        ),
        Mutation(
            "longest lease",
            f"{_UNIT}gcp/test_lease.py::test_lease_that_ends_later_than_it_can_is_taken_over",
            replaced(timedelta(days=9999), "billing.gcp.lease._LATE_ANSWERS"),
        ),
        Mutation(
            "late answers",
            f"{_UNIT}gcp/test_lease.py::test_new_lease_holds_against_a_machine_whose_last_answer_was_late",
            replaced(timedelta(), "billing.gcp.lease._LATE_ANSWERS"),
        ),
        Mutation(
            "lease written before every insert",
            f"{_UNIT}gcp/test_lease.py::test_record_of_the_same_job_notices_a_takeover",
            wrapped(_record_only_changes, "billing.gcp.lease.Lease.record"),
        ),
        Mutation(
            "stopped instances are counted",
            f"{_UNIT}workflows/test_crashes.py::test_delivery_that_stops_three_sweeps_is_rejected_by_the_fourth",
            replaced(1000, "billing.workflows.load.MAX_CRASHES"),
        ),
        Mutation(
            "stopped instances of one delivery",
            f"{_UNIT}workflows/test_crashes.py::test_newer_delivery_is_loaded_after_one_that_stopped_three_sweeps",
            replaced(_yes, "billing.gcp.lease.are_same_load", "billing.workflows.load.are_same_load"),
        ),
        Mutation(
            "values of a manifest",
            f"{_UNIT}test_limits.py::test_limit_is_accepted_and_one_more_is_rejected[values of a manifest]",
            replaced(10**9, "billing.manifests.model._MAX_VALUES"),
        ),
        Mutation(
            "lease duration before the record",
            f"{_LEASE}nothing_is_recorded_after_the_lease_has_ended",
            replaced(timedelta.max, "billing.workflows.record.LEASE_DURATION"),
        ),
        Mutation(
            "etag on added columns",
            f"{_LEASE}table_that_changed_meanwhile_is_an_error",
            wrapped(_add_columns_without_etag, "billing.gcp.bigquery.Warehouse.add_columns"),
        ),
        Mutation(
            "order key",
            f"{_ORDER}older_run_never_replaces_a_newer_one",
            replaced(_nothing, "billing.decisions.state.MonthState.newer_load_than"),
        ),
        Mutation(
            "header of every file",
            f"{_UNIT}gcp/test_landing.py::test_one_csv_file_with_another_header_is_found",
            wrapped(_headers_of_a_sample, "billing.gcp.landing.LandingBucket.headers"),
        ),
        Mutation(
            "completeness",
            f"{_ORDER}manifest_before_its_data_waits_and_then_loads",
            replaced(_nothing, "billing.decisions.decide.missing_files", "billing.workflows.read.missing_files"),
        ),
        Mutation(
            "content digest",
            f"{_ORDER}same_delivery_again_is_a_duplicate",
            (
                Change(
                    "billing.decisions.delivery.Delivery.content",
                    lambda _: property(lambda delivery: delivery.generations),
                ),
            ),
        ),
        Mutation(
            "generations in the job id",
            f"{_BAD}good_files_clear_a_rejection",
            wrapped(_job_id_without(generations=""), _JOB_ID),
        ),
        Mutation(
            "files changed during the load",
            f"{_ORDER}file_replaced_during_the_load_is_loaded_again",
            wrapped(_check_without_generations, "billing.workflows.load.check_load"),
        ),
        Mutation(
            "table identity in the state",
            f"{_ORDER}recreated_table_is_loaded_again",
            replaced(lambda state, _: state.loaded, "billing.decisions.state.MonthState.loaded_into"),
        ),
        Mutation(
            "table identity in the job id",
            f"{_FAULTS}test_destinations.py::test_rejected_delivery_is_loaded_into_the_recreated_table",
            wrapped(_job_id_for_any_creation, _JOB_ID),
        ),
        Mutation(
            "replaced job in the job id",
            "tests/integration/test_replay.py::test_replay_loads_the_newest_delivery_by_a_new_job",
            wrapped(_job_id_without(replaces_job_id=""), _JOB_ID),
        ),
        Mutation(
            "month written since a job that is taken up",
            f"{_LEASE}job_is_not_taken_up_after_another_write_of_the_month",
            replaced(_no, "billing.gcp.load_jobs.LoadJobs._is_replaced"),
        ),
        Mutation(
            "audit of when a month was written",
            f"{_SWEEP}month_written_after_its_record_is_restored",
            wrapped(_audit_without_times, "billing.workflows.sweep_month.difference"),
        ),
        Mutation(
            "settle rule",
            f"{_ORDER}overwrite_is_not_mixed_with_the_delivery_before",
            replaced(_nothing, "billing.decisions.decide.unsettled"),
        ),
        Mutation(
            "times at the provider",
            f"{_FAULTS}test_interleavings.py::test_no_interleaving_is_loaded_as_a_mix[over a loaded delivery]",
            replaced(_no, "billing.decisions.completeness._written_apart"),
        ),
        Mutation(
            "delivery that covers fewer days",
            f"{_BAD}narrower_run_never_replaces_a_wider_one",
            replaced(_nothing, "billing.decisions.decide._rejection"),
        ),
        Mutation(
            "days covered in the order of deliveries",
            f"{_UNIT}workflows/test_sweep.py::test_run_of_the_whole_month_wins_over_a_newer_one_of_some_days",
            replaced(
                _RANK_BY_TIME, "billing.decisions.state.LoadedDelivery.rank", "billing.manifests.model.Export.rank"
            ),
        ),
        Mutation(
            "one scope of a table",
            f"{_UNIT}decisions/test_decide.py::test_delivery_of_another_scope_is_rejected",
            replaced(
                _no,
                "billing.decisions.decide.is_other_scope",
                "billing.decisions.orphans.is_other_scope",
                "billing.workflows.load.is_other_scope",
            ),
        ),
        Mutation(
            "owner of a table before its first load",
            f"{_UNIT}workflows/test_scopes.py::test_first_loads_of_two_scopes_at_once_leave_one",
            replaced(_nothing, "billing.gcp.owner.Owners.claim"),
        ),
        Mutation(
            "a scope is rejected once",
            f"{_UNIT}workflows/test_scopes.py::test_each_scope_is_told_once_a_month",
            replaced(_execution_of, "billing.decisions.record._about"),
        ),
        Mutation(
            "months of a staging table",
            f"{_PERIODS}rows_of_another_month_are_named_and_keep_the_old_month[no blank]",
            replaced(lambda *_: 0, "billing.gcp.staging.check_months"),
        ),
        Mutation(
            "staging table has the rows of its job",
            f"{_STAGING}staging_table_without_its_rows_never_empties_the_month",
            replaced(_yes, "billing.gcp.staging.is_whole"),
        ),
        Mutation(
            "staging table expires",
            f"{_STAGING}staging_table_that_no_call_deletes_expires",
            replaced(timedelta(days=9999), "billing.gcp.staging.STAGING_LIFETIME"),
        ),
        Mutation(
            "label of our jobs",
            f"{_STAGING}query_whose_id_is_used_up_is_none_of_ours",
            replaced(_yes, "billing.gcp.load_jobs.is_ours"),
        ),
        Mutation(
            "files without a cost",
            f"{_PERIODS}files_without_a_cost_are_rejected",
            replaced(_nothing, "billing.columns.load_schema._check_columns"),
        ),
        Mutation(
            "cost in every Parquet file",
            f"{_UNIT}columns/test_load_schema.py::test_parquet_files_without_a_cost_are_rejected"
            "[one of two files lacks it]",
            replaced(_has_cost_of_any, "billing.columns.load_schema._is_in"),
        ),
        Mutation(
            "month in which no row has a cost",
            f"{_PERIODS}month_in_which_no_row_has_a_cost_is_told",
            wrapped(_cost_of_any_row, "billing.workflows.load.check_cost"),
        ),
        Mutation(
            "rows that belong to a header",
            f"{_HEADER}file_whose_rows_belong_to_its_header_is_not_empty[lines that end in CR]",
            replaced(re.compile(rb"(?!)"), "billing.columns.csv_header._LINE_END"),
        ),
        Mutation(
            "rows behind many gzip members",
            f"{_HEADER}file_whose_rows_come_after_many_members_is_not_empty",
            wrapped(_more_members_not_seen, "billing.columns.csv_header._unzip"),
        ),
        Mutation(
            "descriptions after a query replaced a month",
            f"{_STAGING}columns_keep_the_descriptions_that_name_their_sources",
            replaced(_nothing, "billing.gcp.bigquery.Warehouse.restore_columns"),
        ),
        Mutation(
            "staged columns that a recreated table lacks",
            "tests/simulation/test_known_sequences.py::test_swap_into_a_recreated_table_keeps_every_column",
            wrapped(_swap_of_known_columns, "billing.gcp.staging.swap_query"),
        ),
        Mutation(
            "report of bad bytes",
            f"{_BYTES}corrected_text_loads_without_a_code",
            replaced(_nothing, "billing.workflows.load.check_bytes"),
        ),
        Mutation(
            "damaged name of a published column",
            f"{_BYTES}damaged_name_of_a_published_column_is_not_guessed",
            replaced(_nothing, "billing.columns.plan.check_whole"),
        ),
        Mutation(
            "row count of the manifest",
            f"{_BAD}row_count_mismatch_is_recorded_with_both_numbers",
            wrapped(_check_without_row_count, "billing.workflows.load.check_load"),
        ),
        Mutation(
            "published type of a column",
            f"{_TYPES}published_type_holds_against_the_manifest_and_is_told",
            replaced(_nothing, "billing.columns.names.CsvRules.published"),
        ),
        Mutation(
            "Parquet column without values has no type",
            f"{_TYPES}column_without_values_never_decides_the_type[months1]",
            wrapped(_columns_with_values, "billing.columns.load_schema.parquet_columns"),
        ),
        Mutation(
            "job ignores a column without values",
            f"{_TYPES}column_without_values_never_decides_the_type[months0]",
            wrapped(
                _reading_every_column,
                *(
                    "billing.workflows.load.MonthLoad",
                    "billing.gcp.load_jobs.MonthLoad",
                    "billing.gcp.staging.MonthLoad",
                ),
            ),
        ),
        Mutation(
            "file without rows is not in the job",
            f"{_TYPES}part_without_rows_is_left_out_of_the_load_job[0-0 bytes]",
            wrapped(_every_uri, "billing.decisions.delivery.Delivery.uris"),
        ),
        Mutation(
            "empty file that the manifest does not call empty",
            f"{_TYPES}empty_part_that_the_manifest_does_not_call_empty_is_rejected[counted rows]",
            replaced(_nothing, "billing.columns.load_schema._check_empty_files"),
        ),
        Mutation(
            "report of a month that shrank",
            f"{_SHRINKAGE}month_that_shrinks_is_loaded_and_reported",
            replaced(_nothing, "billing.workflows.load.check_shrinkage"),
        ),
        Mutation(
            "delivery that is held",
            f"{_SHRINKAGE}held_delivery_keeps_the_month_and_is_told_once",
            replaced(_nothing, "billing.decisions.decide.held_delivery"),
        ),
        Mutation(
            "report of a cost that cannot be read",
            f"{_BROKEN}costs_that_are_no_numbers_stop_no_view",
            replaced(_nothing, "billing.workflows.load.check_cost"),
        ),
        Mutation(
            "casts that cannot fail",
            f"{_BROKEN}costs_that_are_no_numbers_stop_no_view",
            replaced(_plain_cast, "billing.views.billed.as_number", "billing.views.read_column.as_number"),
        ),
        Mutation(
            "costs by their text",
            f"{_BROKEN}cost_in_a_double_is_summed_as_aws_writes_it",
            wrapped(_binary_value, "billing.views.billed.as_number", "billing.views.read_column.as_number"),
        ),
        Mutation(
            "views of each source apart",
            f"{_BROKEN}load_publishes_its_views_although_another_source_has_no_table[_load_tracking]",
            replaced(_nothing, "billing.workflows.publish_views._publish_each"),
        ),
        Mutation(
            "a rejection is recorded once",
            f"{_BAD}bad_manifest_is_rejected_with_its_code_before_any_load[azure-empty]",
            replaced(_nothing, "billing.decisions.decide._rejected_before"),
        ),
        Mutation(
            "unreadable manifest stops its month only",
            f"{_TELL}manifest_that_cannot_be_read_stops_only_its_month",
            replaced(
                _nothing,
                *("billing.workflows.inventory.classify", "billing.workflows.guard.classify"),
                "billing.workflows.publish_views.classify",
            ),
        ),
        Mutation(
            "temporary error that lasts is told",
            f"{_TELL}months_without_time_are_an_error_of_the_fourth_sweep",
            replaced(_none_of, "billing.workflows.tell.left_for_long"),
        ),
        Mutation(
            "months of a source that could not be read",
            f"{_TELL}errors_at_the_source_and_at_its_month_by_turns_are_told",
            replaced(property(_no), "billing.decisions.sweep_notes.Deferral.is_whole_source"),
        ),
        Mutation(
            "age without the load history",
            f"{_TELL}ages_are_told_when_no_query_is_answered",
            replaced(_nothing, "billing.gcp.sweep_note_store.SweepNoteStore.write"),
        ),
        Mutation(
            "stalled sweep does not finish",
            f"{_TELL}stalled_sweep_does_not_say_that_it_finished",
            replaced(property(_no), "billing.workflows.sweep_report.SweepReport.stalled"),
        ),
        Mutation(
            "later delivery without its manifest is told",
            f"{_UNIT}decisions/test_orphans.py::"
            "test_new_assembly_that_the_manifest_of_the_period_does_not_name_is_an_orphan",
            replaced(_yes, "billing.decisions.orphans._is_of_another_export"),
        ),
        Mutation(
            "place of a delivery of another scope",
            f"{_UNIT}decisions/test_orphans.py::test_delivery_of_another_scope_hides_no_orphan_elsewhere[elsewhere]",
            replaced(lambda _: None, "billing.manifests.root_of"),
        ),
        Mutation(
            "path outside the prefix",
            f"{_BAD}bad_manifest_is_rejected_with_its_code_before_any_load[aws-path with dots]",
            replaced(_anywhere, "billing.manifests.model.landed_name"),
        ),
        Mutation(
            "duplicate keys",
            f"{_UNIT}manifests/test_aws_cur.py::test_repeated_key_is_rejected",
            replaced(_nothing, "billing.manifests.check_shape"),
        ),
        Mutation(
            "one pipeline per month",
            f"{_SWEEP}rejected_month_is_recorded_once_until_a_setting_changes",
            replaced(_one_pipeline, "billing.gcp.dlt_commit.pipeline_name", "tests.fakes.history.pipeline_name"),
        ),
        Mutation(
            "uncommitted loads keep older runs out",
            f"{_FAULTS}test_lost_state.py::test_restored_state_costs_one_reload_and_no_older_run_passes",
            wrapped(_reconcile_without_incomplete, "billing.gcp.history.reconcile", "tests.fakes.history.reconcile"),
        ),
        Mutation(
            "loads older than dlt's memory count",
            f"{_FAULTS}test_lost_state.py::test_dropped_state_lets_no_older_run_pass[_dlt_loads]",
            replaced(
                _only_known_loads,
                "billing.gcp.history_queries.load_is_complete",
                "billing.views.status.load_is_complete",
            ),
        ),
    )
}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Apply the mutation after the tests were imported."""
    name = os.environ.get("MUTATION")
    if name:
        patch = pytest.MonkeyPatch()
        MUTATIONS[name].apply(patch)
        session.config.add_cleanup(patch.undo)
