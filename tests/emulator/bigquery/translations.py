"""Translate each statement once, whatever its datasets are called: every test has new datasets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from bqemulator.domain.result import Ok, Result
from bqemulator.jobs import executor
from bqemulator.sql.translator import SQLTranslator

_MAX_STATEMENTS = 512  # in the cache
_MAX_CHARACTERS = 50_000  # of a cached statement; longer ones insert rows of dlt and never repeat
_DATASET = re.compile(r"[`\"][\w-]+(?:[`\"]\.[`\"]|\.)(\w+)(?:[`\"]\.[`\"]|\.)\w")  # in a quoted project.dataset.table


def install() -> None:
    SQLTranslator.translate = _translate_once(SQLTranslator.translate)
    executor.rewrite_table_refs = _qualify_once(executor.rewrite_table_refs)


def _translate_once(translate: Callable[..., Result[str, Any]]) -> Callable[..., Result[str, Any]]:
    @lru_cache(_MAX_STATEMENTS)
    def translated(translator: Any, sql: str, schema: str, caller: Any) -> Result[str, Any]:
        return translate(translator, sql, schema=json.loads(schema), caller=caller)

    def once(translator: Any, sql: str, *, schema: Any = None, caller: Any = None) -> Result[str, Any]:
        if len(sql) <= _MAX_CHARACTERS:
            names = _placeholders(sql)
            found = translated(translator, _renamed(sql, names), json.dumps(schema), caller)
            if isinstance(found, Ok):
                return Ok(_restored(found.value, names))
        return translate(translator, sql, schema=schema, caller=caller)  # an error must have the real names

    return once


def _qualify_once(qualify: Callable[[str, str], str]) -> Callable[[str, str], str]:
    remembered = lru_cache(_MAX_STATEMENTS)(qualify)

    def once(sql: str, project: str) -> str:
        if len(sql) > _MAX_CHARACTERS:
            return qualify(sql, project)
        names = _placeholders(sql)
        return _restored(remembered(_renamed(sql, names), project), names)

    return once


def _placeholders(sql: str) -> dict[str, str]:
    datasets = dict.fromkeys(_DATASET.findall(sql))
    return {dataset: f"placeholder_{number}_of_a_dataset" for number, dataset in enumerate(datasets)}


def _renamed(sql: str, names: Mapping[str, str]) -> str:
    """Replace each name that is a whole word, also in the name of the project: `_restored` undoes it."""
    if not names:
        return sql
    return re.sub(rf"\b({'|'.join(names)})\b", lambda found: names[found[1]], sql)


def _restored(sql: str, names: Mapping[str, str]) -> str:
    """Replace every placeholder, also inside a word: DuckDB's schemas are called `project__dataset`."""
    for dataset, name in names.items():
        sql = sql.replace(name, dataset)
    return sql
