"""Equal loads have equal job ids."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from billing.decisions.load_key import LoadKey
from billing.decisions.table import TableIdentity
from tests.unit.values import aws

KEY = LoadKey(aws(), "2025-10", "run-1", "generations", TableIdentity("p.d.t", "2025-01-01"), "job-0")


def test_job_id_names_source_month_and_attempt() -> None:
    assert re.fullmatch(r"billing_aws_cur_202510_[0-9a-f]{24}_3", KEY.job_id("3"))


def test_equal_keys_have_equal_job_ids() -> None:
    assert replace(KEY, source=aws()).job_id("0") == KEY.job_id("0")


@pytest.mark.parametrize(
    "changed",
    [
        replace(KEY, source=aws(SETTLE_HOURS="4")),
        replace(KEY, month="2025-09"),
        replace(KEY, execution="run-2"),
        replace(KEY, generations="others"),
        replace(KEY, table=replace(KEY.table, name="p.d.other")),
        replace(KEY, table=replace(KEY.table, created="2025-02-01")),
        replace(KEY, replaces_job_id="job-1"),
    ],
    ids=["settings", "month", "execution", "generations", "table", "creation of the table", "replaced job"],
)
def test_job_id_changes_with_every_part_of_the_key(changed: LoadKey) -> None:
    assert changed.job_id("0") != KEY.job_id("0")
