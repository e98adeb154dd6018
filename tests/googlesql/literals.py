"""The SQL in the product's source code, to find a text that no test has sent."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from billing.formats import SCHEMAS
from billing.views.focus import mapping_of, sql_of
from billing.views.quality import DELIVERY_RULES, charge_rules
from tests.support.paths import FUNCTIONS

_SQL = re.compile(
    r"\b(?:SELECT|CREATE|DROP|INSERT|MERGE|UPDATE|DELETE|UNION ALL|FROM|WHERE) [`(*\w]|\b(?:CAST|COUNTIF|OVER) ?\("
)


@dataclass(frozen=True)
class Literal:
    """SQL in a source file: the parts between which the code inserts something."""

    place: str
    parts: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Return whether a text, with single spaces, has the parts in this order."""
        place = 0
        for part in self.parts:
            place = text.find(part, place) + len(part)
            if place < len(part):
                return False
        return True


def single_spaced(text: str) -> str:
    """Return a text without its line breaks and indents: the views indent some lines."""
    return " ".join(text.split())


def sql_literals() -> list[Literal]:
    """Return the SQL in the Python files, in the mappings and in the quality rules."""
    in_code = [one for path in sorted(FUNCTIONS.rglob("*.py")) for one in literals_in(path.read_text(), path.name)]
    expressions = [
        (path.name, sql_of(one))
        for path in sorted(SCHEMAS.glob("focus_from_*.json"))
        for mapping in [mapping_of(path.stem.removeprefix("focus_from_"))]
        for one in (*(rule.expression for rule in mapping.focus.values()), *mapping.steps.values())
    ]
    rules = [(rule.code, rule.count) for rule in (*DELIVERY_RULES, *charge_rules())]
    return [*in_code, *(Literal(f"{place}: {sql[:60]}", (single_spaced(sql),)) for place, sql in expressions + rules)]


def literals_in(source: str, name: str) -> Iterator[Literal]:
    """Yield the SQL in the strings of a module, without its docstrings."""
    tree = ast.parse(source)
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    skipped |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in skipped or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        parts = [_text(part) for part in (node.values if isinstance(node, ast.JoinedStr) else [node])]
        if any(_SQL.search(part) for part in parts):
            yield Literal(f"{name}:{node.lineno}", tuple(map(single_spaced, parts)))


def _text(part: ast.expr) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
