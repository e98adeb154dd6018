"""Write the SQL of DuckDB so that it computes with BIGNUMERIC: operators and casts become calls of our macros.

The macros of `bignumeric.py` choose by type, which only DuckDB knows. So every operator becomes a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sqlglot
from sqlglot import exp

SAFE_QUOTIENT = "SAFE_QUOTIENT"  # what SAFE_DIVIDE becomes
_OPERATIONS = {
    exp.Add: "exact_add",
    exp.Sub: "exact_subtract",
    exp.Mul: "exact_multiply",
    exp.Div: "exact_divide",
    exp.Mod: "exact_mod",
}
_LATE = (exp.AggFunc, exp.Window, exp.Unnest, exp.Explode, exp.Anonymous)
_AFTER_GROUPING = (exp.Having, exp.Qualify, exp.Order)
_WHOLE = (exp.Count, exp.CountIf, exp.RowNumber)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_BY_TARGET = {
    exp.DType.TEXT: "as_string",
    exp.DType.VARCHAR: "as_string",
    exp.DType.BIGINT: "as_integer",
    exp.DType.DOUBLE: "as_double",
    exp.DType.TIMESTAMPTZ: "as_timestamp",
}
# What is true of NaN in DuckDB. It is never less than a number.
_ORDERS = {
    exp.GT: ("is_greater", False),
    exp.GTE: ("is_not_less", False),
    exp.LT: ("is_greater", True),
    exp.LTE: ("is_not_less", True),
}
_FROM_NUMBER = (exp.DType.DOUBLE, exp.DType.BIGINT, exp.DType.INT, exp.DType.DECIMAL)


def rewritten(sql: str) -> str:
    """Return DuckDB SQL whose operators take BIGNUMERIC, too."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for node in reversed(list(tree.walk())):  # the parts of an operation before the operation
        new = _rewritten(node)
        if new is not node:
            node.replace(new)
            tree = new if node is tree else tree
    return str(tree.sql("duckdb"))


def _rewritten(node: exp.Expression) -> exp.Expression:
    for kinds, rewrite in _RULES:
        if isinstance(node, kinds):
            return rewrite(node)
    return node


def _operation(node: exp.Expression) -> exp.Expression:
    """Rewrite `x + y` of numbers. Intervals and NULL stay: DuckDB cannot choose an overload for NULL."""
    x, y = node.this, node.expression
    if any(isinstance(one, exp.Interval | exp.Null) or one.find(exp.Interval) for one in (x, y)):
        return node
    pair = _alike([x, y])
    return _call(_OPERATIONS[type(node)], *pair)


def _comparison(node: exp.Expression) -> exp.Expression:
    x, y = _alike([node.this, node.expression])
    if type(node) not in _ORDERS or x.is_string or y.is_string:
        return type(node)(this=x, expression=y)
    name, is_turned = _ORDERS[type(node)]
    if not is_turned:
        return exp.Anonymous(this=name, expressions=[x, y])
    if _number(node.expression) is None:
        return exp.Anonymous(this=name, expressions=[y, x])
    return type(node)(this=x, expression=y)


def _between(node: exp.Expression) -> exp.Expression:
    this, low, high = _alike([node.this, node.args["low"], node.args["high"]])
    return exp.Between(this=this, low=low, high=high)


def _in(node: exp.Expression) -> exp.Expression:
    if not node.expressions:
        return node
    this, *options = _alike([node.this, *node.expressions])
    return exp.In(this=this, expressions=options)


def _case(node: exp.Expression) -> exp.Expression:
    default = node.args.get("default")
    values = [branch.args["true"] for branch in node.args["ifs"]] + ([default] if default is not None else [])
    alike = _alike(values)
    branches = [
        exp.If(this=branch.this.copy(), true=value) for branch, value in zip(node.args["ifs"], alike, strict=False)
    ]
    this = node.this.copy() if node.this is not None else None
    return exp.Case(this=this, ifs=branches, default=alike[-1] if default is not None else None)


def _function(node: exp.Expression) -> exp.Expression:
    """Rewrite the numbers among the arguments of COALESCE, NULLIF, GREATEST and LEAST."""
    if isinstance(node, exp.Nullif):
        this, other = _alike([node.this, node.expression])
        return exp.Nullif(this=this, expression=other)
    this, *more = _alike([node.this, *node.expressions])
    new = node.copy()
    new.set("this", this)
    new.set("expressions", more)
    return new


def _array(node: exp.Expression) -> exp.Expression:
    return exp.Array(expressions=_alike(node.expressions))


def _cast(node: exp.Expression) -> exp.Expression:
    target, value = node.args["to"], node.this
    if _is_bignumeric(target):
        return node if isinstance(value, exp.Null) else _to_bignumeric(node, value)
    if isinstance(value, exp.Null | exp.Placeholder | exp.Parameter):
        return node
    if target.this in _BY_TARGET:
        name = f"{_BY_TARGET[target.this]}_or_null" if isinstance(node, exp.TryCast) else _BY_TARGET[target.this]
        value = _call(name, value)
    elif target.this == exp.DType.TIME:
        value = _call("as_time", value)
    if target.this in _FROM_NUMBER and not isinstance(value, exp.Literal):
        value = _call("bignumeric_as_number", value)
    new = node.copy()
    new.set("this", value.copy())
    return new


def _is_bignumeric(kind: exp.DataType) -> bool:
    """Compare by the names of the parts, because bqemulator may have quoted them."""
    return kind.this == exp.DType.STRUCT and [part.name for part in kind.expressions] == ["near", "rest"]


def _to_bignumeric(node: exp.Expression, value: exp.Expression) -> exp.Expression:
    """Read a number of the statement by its digits: only a value has become binary."""
    text = _number(value)
    name = "to_bignumeric_or_null" if isinstance(node, exp.TryCast) else "to_bignumeric"
    return _call(name, value if text is None else exp.Literal.string(text))


def _sum(node: exp.Expression) -> exp.Expression:
    """Sum up both parts. A sum of different values stays as it is, and DuckDB refuses it for BIGNUMERIC."""
    if isinstance(node.this, exp.Distinct | exp.Order):
        return node
    outer = node.parent if isinstance(node.parent, exp.Window | exp.Filter) else None
    if outer is not None:
        return node  # `_windowed` rewrites both together
    return _joined(node.this, [exp.Sum(this=_call(f"{part}_part", node.this)) for part in ("near", "rest")])


def _windowed(node: exp.Expression) -> exp.Expression:
    if not isinstance(node.this, exp.Sum) or isinstance(node.this.this, exp.Distinct | exp.Order):
        return node
    value, parts = node.this.this, []
    for part in ("near_part", "rest_part"):
        copy = node.copy()
        copy.set("this", exp.Sum(this=_call(part, value)))
        parts.append(copy)
    kind = node.copy()
    kind.set("this", exp.AnyValue(this=value.copy()))
    return exp.Anonymous(this="late_joined_sums", expressions=[*parts, kind])


def _joined(value: exp.Expression, sums: Sequence[exp.Expression]) -> exp.Expression:
    return exp.Anonymous(this="late_joined_sums", expressions=[*sums, exp.AnyValue(this=value.copy())])


def _average(node: exp.Expression) -> exp.Expression:
    """Divide the sum by the count. AVG of other types stays DuckDB's."""
    if isinstance(node.this, exp.Distinct | exp.Order) or isinstance(node.parent, exp.Window | exp.Filter):
        return node
    total = _joined(node.this, [exp.Sum(this=_call(f"{part}_part", node.this)) for part in ("near", "rest")])
    return _call("exact_average", total, exp.Count(this=node.this.copy()), exp.Avg(this=_call("near_part", node.this)))


def _rounding(node: exp.Expression) -> exp.Expression:
    digits = node.args.get("decimals") or exp.Literal.number(0)
    return _call("exact_round" if isinstance(node, exp.Round) else "exact_trunc", node.this, digits)


def _safe(node: exp.Expression) -> exp.Expression:
    """Rewrite TRY(x * y), which is what SAFE_MULTIPLY became."""
    inner = node.this.unnest()
    name = str(inner.this) if isinstance(inner, exp.Anonymous) else ""
    if not name.endswith("exact_multiply"):
        return node
    return exp.Anonymous(this=name.replace("exact_multiply", "safe_product"), expressions=inner.expressions)


def _extract(node: exp.Expression) -> exp.Expression:
    """Return an INT64, also of NULL."""
    return node if node.name.upper() in ("DATE", "DATETIME", "TIME") else exp.cast(node.copy(), exp.DType.BIGINT)


def _bracket(node: exp.Expression) -> exp.Expression:
    """Read a member of JSON by its name. An element of an array has a number."""
    [key] = node.expressions
    plain = key.unnest()
    is_call = isinstance(plain, exp.Anonymous) and "exact_" in str(plain.this)  # of a sum or difference
    if is_call or (isinstance(plain, exp.Literal) and not plain.is_string) or isinstance(plain, exp.Binary):
        return node
    return exp.Anonymous(this="json_part_of", expressions=[node.this.copy(), key.copy()])


def _other(node: exp.Expression) -> exp.Expression:
    """Rewrite functions that sqlglot does not know."""
    name = node.name.upper()
    if name == SAFE_QUOTIENT:
        return _call(SAFE_QUOTIENT, *_alike(node.expressions))
    if name == "BQEMU_TO_BIGNUMERIC":  # PARSE_BIGNUMERIC
        return _call("to_bignumeric", *node.expressions)
    return node


def _alike(values: Sequence[exp.Expression]) -> list[exp.Expression]:
    """Make the numbers of the statement like the value that stands beside them."""
    others = [value for value in values if _number(value) is None and not isinstance(value, exp.Null)]
    if not others or any(map(_is_whole, others)):
        return [value.copy() for value in values]
    return [_like(value, others[0]) for value in values]


def _like(value: exp.Expression, other: exp.Expression) -> exp.Expression:
    text = _number(value)
    return value.copy() if text is None else _call("number_like", value, exp.Literal.string(text), other)


def _number(node: exp.Expression) -> str | None:
    """Return the text of a number that the statement has, or None."""
    if isinstance(node, exp.Paren):
        return _number(node.this)
    if isinstance(node, exp.Neg):
        text = _number(node.this)
        return None if text is None else f"-{text}"
    return str(node.this) if isinstance(node, exp.Literal) and not node.is_string else None


def _call(name: str, *arguments: exp.Expression) -> exp.Expression:
    late = "late_" if any(map(_is_late, arguments)) else ""
    return exp.Anonymous(this=f"{late}{name}", expressions=[one.copy() for one in arguments])


def _is_late(node: exp.Expression) -> bool:
    """Return whether DuckDB learns the type late, or at great cost: see `_create_macro` in `bignumeric.py`."""
    return any(isinstance(part, _LATE) for part in node.walk()) or node.find_ancestor(*_AFTER_GROUPING) is not None


def _is_whole(node: exp.Expression) -> bool:
    """Return whether a value is a count, which is never a BIGNUMERIC."""
    return isinstance(node.this if isinstance(node, exp.Window) else node, _WHOLE)


def _named(name: str) -> Callable[[exp.Expression], exp.Expression]:
    """Return a rule for a function of one value. A negative number of the statement stays as it is."""
    return lambda node: node if isinstance(node.this, exp.Literal | exp.Null) else _call(name, node.this)


_RULES: Iterable[tuple[type | tuple[type, ...], Callable[[exp.Expression], exp.Expression]]] = (
    (tuple(_OPERATIONS), _operation),
    (_COMPARISONS, _comparison),
    (exp.Between, _between),
    (exp.In, _in),
    (exp.Case, _case),
    ((exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least), _function),
    (exp.Array, _array),
    (exp.Cast, _cast),  # TryCast is a Cast
    (exp.Neg, _named("bignumeric_neg")),
    (exp.Abs, _named("bignumeric_abs")),
    (exp.Sum, _sum),
    ((exp.Window, exp.Filter), _windowed),
    (exp.Avg, _average),
    ((exp.Round, exp.Trunc), _rounding),
    (exp.Extract, _extract),
    (exp.Bracket, _bracket),
    (exp.Try, _safe),
    (exp.Anonymous, _other),
)
