"""The checks of the load path: how each is taken out, and the test that fails without it.

A pytest plugin: with MUTATION=name, a session runs with that check taken out of the real code. A change names the
modules that use the function, because each has imported it under its own name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pkgutil import resolve_name
from typing import Any

import pytest

_LEASE, _ORDER, _BAD = (f"tests/integration/test_{name}.py::test_" for name in ("lease", "order", "bad_deliveries"))
_SWEEP, _UNIT, _FAULTS = "tests/integration/test_sweep.py::test_", "tests/unit/", "tests/faults/"
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
    leases._job_is_running = lambda _: False
    return real(leases, *arguments)


def _record_with_other_generation(real: Any, lease: Any, job_id: str) -> None:
    try:
        real(lease, job_id)
    finally:
        lease.blob.reload()
        lease.generation = lease.blob.generation


def _audit_without(**known: object) -> Callable[..., Any]:
    return lambda real, state, *arguments: real(replace(state, **known), *arguments)


def _reconcile_without_incomplete(real: Any, state: Any, complete: Any, _: Any) -> Any:
    return real(state, complete, None)


def _one_pipeline(source: Any, _: str) -> str:
    return f"{source.key}__2025_01"


def _only_known_loads(dataset: str) -> str:
    return f"(_dlt_load_id IN (SELECT load_id FROM `{dataset}._dlt_loads` WHERE status = 0))"


def _anywhere(key: str, source: Any, _: object) -> str:
    return str(source.prefix + key.removeprefix(source.source_path))


def _plain_cast(column: str, _: object) -> str:
    return f"CAST({column} AS BIGNUMERIC)"


def _nothing(*_: object) -> None:
    return None


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
            wrapped(_audit_without(loaded_at=None), "billing.workflows.sweep_month.difference"),
        ),
        Mutation(
            "audit of what a month was last loaded from",
            f"{_UNIT}workflows/test_sweep.py::test_load_that_another_key_recorded_is_reported_and_replaced",
            wrapped(_audit_without(last_execution=None), "billing.workflows.sweep_month.difference"),
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
            replaced(_no, "billing.decisions.decide.is_other_scope"),
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
            "row count of the manifest",
            f"{_BAD}row_count_mismatch_is_recorded_with_both_numbers",
            wrapped(_check_without_row_count, "billing.workflows.load.check_load"),
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
            replaced(_plain_cast, "billing.views.status.as_number", "billing.views.focus.as_number"),
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
