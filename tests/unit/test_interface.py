"""The frozen names: what alerts, log filters, users' queries, Terraform and scripts use."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

import billing
from billing.clock import Clock
from billing.columns.field import Field, map_of
from billing.decisions.sweep_notes import SweepNotes
from billing.errors import ERRORS
from billing.formats import FORMATS
from billing.settings import FOCUS_VIEW, QUALITY_VIEW, SOURCE_FIELDS, STATUS_VIEW, Settings
from billing.views.focus import FOCUS_COLUMNS, union_query
from billing.views.quality import all_rules, quality_query
from billing.views.status import statements
from billing.workflows.sweep import sweep
from billing_cli.__main__ import main
from tests.support.pages import DOCS, Page
from tests.support.paths import FUNCTIONS, SCHEMAS
from tests.unit.values import aws, azure

ERROR_CODES = {
    "retry": "CLOCK_WRONG DEADLINE FILE_VANISHED JOB_RUNNING MONTH_LOCKED TABLE_CHANGED TRANSIENT",
    "setup": """
        ACCESS_DENIED BILLING_DISABLED BLOCKED BOOKKEEPING_UNREADABLE CREDENTIALS KEY_UNAVAILABLE LOAD_KEEPS_FAILING
        NOT_FOUND NO_SUCH_DELIVERY SETTING_INVALID SETTING_MISSING
    """,
    "reject": """
        COLUMN_NAME COMPRESSION_UNSUPPORTED COVERS_FEWER_DAYS DATES_UNCLEAR DOUBLE_SLASH EMPTY_DELIVERY
        FORMAT_UNSUPPORTED FUTURE_MONTH FUTURE_RUN HEADERS_DIFFER HEADER_UNREADABLE KEEPS_CRASHING LEGACY_MANIFEST
        LOAD_REJECTED MANIFEST_INVALID MANIFEST_NOT_JSON MANIFEST_TOO_LARGE MISSING_COLUMN MONTH_WOULD_SHRINK
        OTHER_SCOPE PATH_OUTSIDE_PREFIX ROWS_OUTSIDE_MONTH SPANS_MONTHS STARTS_INSIDE_MONTH TOO_MANY_COLUMNS
        TOO_MANY_FILES TYPE_CHANGED UNKNOWN_TYPE VALUE_DOES_NOT_FIT
    """,
    "bug": "BUG",
}
OTHER_CODES = """
    ALREADY_REJECTED AUDIT_MISMATCH BAD_BYTES COST_UNREADABLE DUPLICATE FILES_CHANGED_DURING_LOAD MIXED_DELIVERY
    MONTH_SHRANK NOT_OURS OTHER_EXPORT PERIOD_FILLED ROW_COUNT_MISMATCH SUPERSEDED TYPE_DIFFERS UNKNOWN_COLUMN
    VIEW_FAILED WAITING_FOR_FILES WAITING_FOR_MANIFEST WAITING_LONG WAITING_TO_SETTLE
"""
QUALITY_CODES = """
    AMENDED BILLING_PERIOD CHARGE_AFTER_PERIOD CHARGE_PERIOD COMMITMENT_CATEGORY COMMITMENT_COST COMMITMENT_NEGATIVE
    COMMITMENT_PRICE COMMITMENT_STATUS CONSUMED_QUANTITY COST_DECREASED COST_UNREADABLE COVERED_BILLED CURRENCIES
    CURRENCY_DIFFERS DAYS_MISSING DISCOUNTS_IN_BOTH FEWER_ROWS INVOICE_MISSING LIST_PRICE NOT_AMORTIZED
    PURCHASE_EFFECTIVE PURCHASE_FREQUENCY ROW_COUNT_MISMATCH STATUS_WITHOUT_COMMITMENT TAX_QUANTITY TAX_SKU
    UNUSED_UNKNOWN USAGE_QUANTITY
    BAD_CapacityReservationStatus BAD_ChargeCategory BAD_ChargeClass BAD_ChargeFrequency BAD_CommitmentDiscountCategory
    BAD_CommitmentDiscountStatus BAD_PricingCategory BAD_ServiceCategory
    NO_BilledCost NO_BillingAccountId NO_BillingCurrency NO_BillingPeriodEnd NO_BillingPeriodStart NO_ChargeCategory
    NO_ChargePeriodEnd NO_ChargePeriodStart NO_ContractedCost NO_EffectiveCost NO_InvoiceIssuerName NO_ListCost
    NO_ProviderName NO_PublisherName NO_ServiceCategory NO_ServiceName
"""
SEVERITIES = "CRITICAL DEBUG ERROR INFO WARNING"
ACTIONS = "age audited failed ignored loaded rejected retried skipped stalled started sweep waiting"
LOG_FIELDS = """
    action age_hours bytes code duration_seconds execution files job_id month object rows source stack_trace
"""
SUMMARY_FIELDS = "checked deferred left_long loaded mismatched months rejected seconds stalled waiting"
VIEWS = "billing_quality billing_status focus_costs"
STATUS_COLUMNS = """
    source provider month state finality delivered_at loaded_at row_count cost currency is_recorded rows_changed
    cost_changed code message load_code
"""
STATES = "loaded rejected waiting"
FOCUS_EXTRA_COLUMNS = "x_BillingAccountId x_DiscountSource x_provider x_source"
TABLE_SUFFIXES = "_charges _load_tracking _loads"
ENTRY_POINTS = "load_aws load_azure sweep"
COMMANDS = "check replay report status sweep"
SETTINGS_OF_A_SOURCE = """
    BUCKET DATASET EXPORT_NAME FORMAT ON_SHRINK PREFIX PROJECT_ID SETTLE_HOURS SHRINK_PERCENT SOURCE_PATH TABLE_NAME
    TYPE_OVERRIDES
"""
SETTINGS = """
    BOOKKEEPING_BUCKET DESTINATION__BIGQUERY__LOCATION DESTINATION__BIGQUERY__PROJECT_ID FOCUS_DATASET
    GOOGLE_BILLING_EXPORT
"""
FINALITIES = "amended closed open"
QUALITY_COLUMNS = "source month BillingPeriodStart code description broken"
TRACKING_COLUMNS = """
    billing_month loaded_at row_count status code message manifest_uri file_count byte_count order_key content
    covers_until job_id job_ended table_created loader_version cost costs invoiced _dlt_load_id _dlt_id
"""
EXECUTION_COLUMNS = "assembly_id execution_id run_id"
PACKAGE = Path(billing.__file__).parent


def assert_frozen(what: str, found: Iterable[str], frozen: str) -> None:
    gone, new = set(frozen.split()) - set(found), set(found) - set(frozen.split())
    assert (gone, new) == (set(), set()), (
        f"{what}: {sorted(gone)} gone, {sorted(new)} new. Alerts, log filters, users' queries, Terraform or scripts use"
        " these names: do not rename or remove one. If you add one, add it here and to functions/docs."
    )


@cache
def modules(folder: str) -> list[ast.Module]:
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((PACKAGE / folder).rglob("*.py"))]


def calls_of(name: str) -> Iterator[tuple[ast.Module, ast.Call]]:
    """Yield each call of a function of this name, with its module."""
    for module in modules(""):
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield module, node


def texts_in(node: ast.AST, module: ast.Module) -> set[str]:
    """Return every string that an expression may give. A name stands for all that the module assigns to it."""
    texts = {
        child.value for child in ast.walk(node) if isinstance(child, ast.Constant) and isinstance(child.value, str)
    }
    names = {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}
    for assignment in ast.walk(module):
        if isinstance(assignment, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id in names for target in assignment.targets
        ):
            texts |= texts_in(assignment.value, module)
    return texts


def actions() -> set[str]:
    """Return every value of a keyword `action`: of the log lines themselves, and of what they are made from."""
    return {
        text
        for module in modules("")
        for keyword in ast.walk(module)
        if isinstance(keyword, ast.keyword) and keyword.arg == "action"
        for text in texts_in(keyword.value, module)
    }


def codes() -> set[str]:
    """Return every string in capitals of the packages that decide and log, without severities."""
    texts = {
        node.value
        for folder in ("decisions", "workflows")
        for module in modules(folder)
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if re.fullmatch(r"[A-Z]{2,}(_[A-Z]+)*", text)} - set(SEVERITIES.split())


def summary_of_a_sweep() -> dict[str, object]:
    settings = Settings(project="p", location="l", bookkeeping_bucket="b", sources=())
    notes = SimpleNamespace(read=SweepNotes, write=lambda notes: None)
    services: Any = SimpleNamespace(settings=settings, clock=Clock(), notes=notes)
    return sweep(settings, services)


def status_query() -> exp.Select:
    """Return the query of `billing_status` for its first source."""
    [*_, create] = statements([aws(), azure()], {})
    query = sqlglot.parse_one(create, read="bigquery").expression.find(exp.Select)
    assert isinstance(query, exp.Select)
    return query


def values_of(column: str) -> set[str]:
    """Return the texts that a column of `billing_status` may have."""
    [expression] = [one.unalias() for one in status_query().selects if one.alias_or_name == column]
    results = [expression.args["default"], *(case.args["true"] for case in expression.args["ifs"])]
    return {result.this for result in results if isinstance(result, exp.Literal)}


@pytest.mark.parametrize("kind", ERROR_CODES)
def test_error_codes_and_their_classes(kind: str) -> None:
    found = {code for code, info in ERRORS.items() if info.kind == kind}

    assert_frozen(f"error codes of class {kind}", found, ERROR_CODES[kind])


def test_codes_of_skips_waits_and_findings() -> None:
    assert_frozen("codes", codes() - set(ERRORS), OTHER_CODES)


def test_codes_of_quality_rules() -> None:
    assert_frozen("codes of billing_quality", [rule.code for rule in all_rules()], QUALITY_CODES)


def test_log_fields() -> None:
    found = {keyword.arg for _, call in calls_of("emit") for keyword in call.keywords if keyword.arg is not None}

    assert_frozen("log fields", found, LOG_FIELDS)


def test_severities() -> None:
    found = {text for module, call in calls_of("emit") for text in texts_in(call.args[0], module)}

    assert_frozen("severities", found, SEVERITIES)


def test_actions() -> None:
    assert_frozen("values of the log field action", actions(), ACTIONS)


def test_summary_of_the_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    summary = summary_of_a_sweep()

    line = json.loads(capsys.readouterr().out)
    assert_frozen("fields of the sweep's summary", summary, SUMMARY_FIELDS)
    assert line == {"severity": "INFO", "message": line["message"], "action": "sweep", **summary}


def test_names_of_views() -> None:
    assert_frozen("views", [FOCUS_VIEW, QUALITY_VIEW, STATUS_VIEW], VIEWS)


def test_columns_of_billing_status() -> None:
    assert_frozen("columns of billing_status", status_query().named_selects, STATUS_COLUMNS)


@pytest.mark.parametrize(("column", "values"), [("finality", FINALITIES), ("state", "loaded")])
def test_values_of_billing_status(column: str, values: str) -> None:
    assert_frozen(f"values of {column} in billing_status", values_of(column), values)


def test_columns_of_billing_quality() -> None:
    query = sqlglot.parse_one(quality_query("p.d.focus_costs", ["p.d.billing_status"]), read="bigquery")

    for select in (query.left, query.right):
        assert_frozen("columns of billing_quality", select.named_selects, QUALITY_COLUMNS)


def test_columns_of_the_tracking_table() -> None:
    columns = json.loads((SCHEMAS / "load_tracking.json").read_text())

    assert_frozen("columns of <table>_load_tracking", [column["name"] for column in columns], TRACKING_COLUMNS)
    assert_frozen("execution columns", [one.execution_column for one in FORMATS.values()], EXECUTION_COLUMNS)


def test_states_that_the_loader_records() -> None:
    module = ast.parse((PACKAGE / "decisions" / "record.py").read_text(encoding="utf-8"))

    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and ast.unparse(node.func) == "_row"]

    assert_frozen("values of status", {text for call in calls for text in texts_in(call.args[0], module)}, STATES)


def test_columns_of_focus_costs() -> None:
    query = sqlglot.parse_one(union_query(["p.d.focus_costs_aws_cur"]), read="bigquery")

    names = query.named_selects

    assert_frozen("columns beside FOCUS", set(names) - {column.name for column in FOCUS_COLUMNS}, FOCUS_EXTRA_COLUMNS)
    assert len(names) == 57 + len(FOCUS_EXTRA_COLUMNS.split())


def test_names_beside_a_table() -> None:
    source = aws(FORMAT="aws_cur_v2_csv", EXPORT_NAME="cur")
    map_column = Field("tags", map_of("STRING", "STRING"))
    views = statements([source], {source.key: [map_column]})
    found = {name.removeprefix(source.destination) for view in views for name in re.findall(r"`([^`]+)`", view)}

    assert_frozen("suffixes", {name for name in found if name.startswith("_")}, TABLE_SUFFIXES)


def test_entry_points() -> None:
    module = ast.parse((FUNCTIONS / "main.py").read_text(encoding="utf-8"))

    found = [node.name for node in module.body if isinstance(node, ast.FunctionDef) and node.decorator_list]

    assert_frozen("entry points", found, ENTRY_POINTS)


def test_subcommands_of_billing() -> None:
    assert_frozen("subcommands", main.commands, COMMANDS)


def test_settings() -> None:
    module = ast.parse((PACKAGE / "settings" / "__init__.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    names = [call.args[0] for call in calls if ast.unparse(call.func) in ("values.required", "values.optional")]

    read = [name.value for name in names if isinstance(name, ast.Constant) and isinstance(name.value, str)]

    assert_frozen("settings of a source", SOURCE_FIELDS, SETTINGS_OF_A_SOURCE)
    assert_frozen("settings", read, SETTINGS)


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("errors.md", " ".join([*ERROR_CODES.values(), OTHER_CODES])),
        ("focus.md", f"{QUALITY_CODES} broken code description"),
        ("operations.md", f"{LOG_FIELDS} {ACTIONS} {SEVERITIES} {SUMMARY_FIELDS} {SETTINGS}"),
        ("tables.md", f"{STATUS_COLUMNS} {STATES} {FINALITIES} {VIEWS}"),
        ("focus.md", FOCUS_EXTRA_COLUMNS),
    ],
)
def test_pages_describe_the_names(page: str, names: str) -> None:
    described = set(re.findall(r"`(\w+)`", Page(DOCS / page).text))

    assert set(names.split()) - described == set()
