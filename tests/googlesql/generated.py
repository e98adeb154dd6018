"""Expressions of the kinds that the product uses, over the columns of `nasty.py`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from random import Random

from tests.googlesql.kinds import CLOSE, OPEN, Kind
from tests.googlesql.nasty import COPIES, MADE, ROWS

_HOLE = re.compile(f"{OPEN}([^{CLOSE}]+){CLOSE}")
_NOT_COMPARED = ("CURRENT_DATE()", "CURRENT_TIMESTAMP()")  # each engine has its own clock
_POOLS = ("text", "number", "time", "json")


@dataclass(frozen=True)
class Expression:
    """A kind with an expression for each hole, or a leaf without any."""

    kind: Kind
    parts: tuple[Expression, ...] = field(default=())

    @property
    def sql(self) -> str:
        parts = iter(self.parts)
        return _HOLE.sub(lambda _: _in_brackets(next(parts)), self.kind.text)

    def reads(self, column: str) -> bool:
        """Return whether the expression reads a column, or one that is made of it."""
        made = [name for name, sql in MADE.items() if column.startswith(sql.partition("_{}")[0].rpartition("(")[2])]
        copies = [f"made_{name.lower()}_{column.rpartition('_')[2]}" for name in made]
        return any(re.search(rf"\b{name}\b", self.sql) for name in (column, *copies))

    def walk(self) -> Iterator[Expression]:
        """Yield the parts before the whole."""
        for part in self.parts:
            yield from part.walk()
        yield self


def _in_brackets(part: Expression) -> str:
    return part.sql if part.kind.role == "leaf" else f"({part.sql})"


class Generator:
    """Make expressions of known kinds. Equal seeds give equal expressions."""

    def __init__(self, kinds: Collection[Kind], random: Random) -> None:
        self._random = random
        self._kinds = [kind for kind in sorted(kinds) if kind.text not in _NOT_COMPARED]
        self._by_type: dict[str, list[Kind]] = {}
        for kind in self._kinds:
            if kind.role == "scalar":
                self._by_type.setdefault(kind.type, []).append(kind)

    def one_of_each(self) -> list[Expression]:
        """Return an expression of each kind, over columns alone."""
        return [self._expression(kind, 1) for kind in self._kinds]

    def nested(self, amount: int) -> list[Expression]:
        """Return expressions of two or three kinds inside each other."""
        chosen = self._random.choices([kind for kind in self._kinds if kind.role != "window"], k=amount)
        return [self._expression(kind, self._random.randint(2, 3)) for kind in chosen]

    def _expression(self, kind: Kind, depth: int) -> Expression:
        """Return an expression of this kind. `depth` tells how many kinds may be inside each other."""
        parts = tuple(self._part(hole, kind.text, depth - 1) for hole in _HOLE.findall(kind.text))
        if kind.role == "window":
            return Expression(kind._replace(text=f"{kind.text} OVER (PARTITION BY bool_0 ORDER BY id)"), parts)
        if kind.role == "aggregate":
            return self._aggregate(kind, parts)
        return Expression(kind, parts)

    def _aggregate(self, kind: Kind, parts: tuple[Expression, ...]) -> Expression:
        """Aggregate some rows. The order of rows is that of their ids."""
        is_any = kind.text.startswith("ANY_VALUE")  # of one row, so that it is the same on both engines
        where = "id = 3" if is_any else f"MOD(id, 3) = {self._random.randrange(3)}"
        text, is_ordered, _ = kind.text.partition(" ORDER BY ")
        whole = f"(SELECT {text}{' ORDER BY id)' if is_ordered else ''} FROM {ROWS} WHERE {where})"
        return Expression(kind._replace(text=whole), parts[: len(_HOLE.findall(text))])

    def _part(self, hole: str, text: str, depth: int) -> Expression:
        known = self._by_type.get(hole, [])
        if depth > 0 and known and self._random.random() < 0.75:
            return self._expression(self._random.choice(known), depth)
        return Expression(Kind("leaf", hole, self._leaf(hole, text)))

    def _leaf(self, hole: str, text: str) -> str:
        if hole.startswith("ARRAY<"):
            return f"[{', '.join(self._leaf(hole[6:-1], text) for _ in range(self._random.randint(1, 3)))}]"
        if hole.startswith("STRUCT<"):
            parts = [part.split(" ") for part in hole[7:-1].split(", ")]
            return f"STRUCT({', '.join(f'{self._leaf(kind, text)} AS {name}' for name, kind in parts)})"
        if hole in MADE:
            return self._column(f"made_{hole}")
        return self._column(self._pool(text) if hole == "STRING" else hole)

    def _pool(self, text: str) -> str:
        """Return the texts that this kind may understand, and sometimes others."""
        if self._random.random() < 0.15:
            return self._random.choice(_POOLS)
        if "JSON" in text:
            return "json"
        if "CAST" in text:
            return "time" if re.search("TIME|DATE", text) else "number"
        if "PARSE_" in text or "SUBSTR" in text or "[0-9]{" in text:
            return "time"
        return self._random.choice(("json", "number", "text")) if "REGEXP" in text else "text"

    def _column(self, pool: str) -> str:
        return f"{pool.lower()}_{self._random.randrange(COPIES)}"
