"""The rules of Google Cloud that the contract tests check: each with its source and its tests, from `rules.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

GROUPS = (
    "load jobs",
    "jobs, tables and SQL",
    "storage",
    "product",
    "queries, only on Google Cloud",
    "events and functions",
)
_FILE = Path(__file__).with_name("rules.toml")


@dataclass(frozen=True)
class Rule:
    group: str
    rule: str
    source: str
    tests: tuple[str, ...]


def read_rules() -> list[Rule]:
    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return [Rule(group, one["rule"], one["source"], tuple(one["tests"])) for group in GROUPS for one in found[group]]
