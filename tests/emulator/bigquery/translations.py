"""A statement is translated once, whatever its datasets are called: tests ask the same of ever new datasets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from bqemulator.domain.result import Ok, Result
from bqemulator.jobs import executor
from bqemulator.sql.translator import SQLTranslator

_REMEMBERED = 512  # statements
_LONGEST = 50_000  # characters; longer ones are rows of dlt, each of them another
_DATASET = re.compile(r"[`\"][\w-]+(?:[`\"]\.[`\"]|\.)(\w+)(?:[`\"]\.[`\"]|\.)\w")  # of a quoted project.dataset.table


def install() -> None:
    SQLTranslator.translate = _translate_once(SQLTranslator.translate)
    executor.rewrite_table_refs = _qualify_once(executor.rewrite_table_refs)


def _translate_once(translate: Callable[..., Result[str, Any]]) -> Callable[..., Result[str, Any]]:
    @lru_cache(_REMEMBERED)
    def of_text(translator: Any, sql: str, schema: str, caller: Any) -> Result[str, Any]:
        return translate(translator, sql, schema=json.loads(schema), caller=caller)

    def once(translator: Any, sql: str, *, schema: Any = None, caller: Any = None) -> Result[str, Any]:
        if len(sql) <= _LONGEST:
            names = _placeholders(sql)
            found = of_text(translator, _renamed(sql, names), json.dumps(schema), caller)
            if isinstance(found, Ok):
                return Ok(_restored(found.value, names))
        return translate(translator, sql, schema=schema, caller=caller)  # an error says what the datasets are called

    return once


def _qualify_once(qualify: Callable[[str, str], str]) -> Callable[[str, str], str]:
    remembered = lru_cache(_REMEMBERED)(qualify)

    def once(sql: str, project: str) -> str:
        if len(sql) > _LONGEST:
            return qualify(sql, project)
        names = _placeholders(sql)
        return _restored(remembered(_renamed(sql, names), project), names)

    return once


def _placeholders(sql: str) -> dict[str, str]:
    datasets = dict.fromkeys(_DATASET.findall(sql))
    return {dataset: f"placeholder_{number}_of_a_dataset" for number, dataset in enumerate(datasets)}


def _renamed(sql: str, names: Mapping[str, str]) -> str:
    """Wherever a name stands as a whole word, be it part of the project's: `_restored` gives back each."""
    if not names:
        return sql
    return re.sub(rf"\b({'|'.join(names)})\b", lambda found: names[found[1]], sql)


def _restored(sql: str, names: Mapping[str, str]) -> str:
    """Anywhere: DuckDB's schemas are called `project__dataset`, where no name is a word of its own."""
    for dataset, name in names.items():
        sql = sql.replace(name, dataset)
    return sql
