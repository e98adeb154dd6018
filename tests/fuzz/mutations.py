"""Hypothesis strategies that damage valid inputs: the structure of trees, and single bytes."""

from __future__ import annotations

import copy
import gzip
import json
import struct
from collections.abc import Iterator, MutableMapping, MutableSequence
from typing import Any

from hypothesis import strategies as st

from billing.formats import FORMATS
from tests.fuzz import corpora

HOSTILE_TEXT = (
    "", ".", "..", "../", "/", "//", "a/../b", "%2e%2e/", "%2F", "*", "?", "#", "$", "@", "\\", "\n", "\r", "\x00",
    "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffe", "\U0001f4a9", "gs://other/x", "s3://x/", "http://x/",
    "NaN", "null", "-1", "0", "1e999", "2025-13", "2025-02-30T00:00:00Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "20250931T000000.000Z", "20250901T000000.000Z",
    "2025-09-01T00:00:00+14:00", "ZIP", "x" * 1025,
    "ü" * 600, "İ", "ß", "ǆ", "٣", "\uff10", "\u0660\u0661",
)  # fmt: skip
HOSTILE_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.5, -0.0, float("nan"), float("inf"),
    [], {}, [[]], [None], {"": None}, {"a": {"a": {"a": 1}}},
)  # fmt: skip
HOSTILE_BYTES = (
    b"\x00", b"\xff", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b'"', b"\\", b"\\ud800",
    b"\\u0000", b"{", b"}",
    b"[", b"]", b",", b":", b"\n", b"\r", b"1e9999999", b"-", b"NaN", b"Infinity", b"..", b"*", b"%2e", b"://",
)  # fmt: skip
MAX_INPUT_BYTES = 1 << 20
texts = st.one_of(st.sampled_from(HOSTILE_TEXT), st.text(max_size=40))
values = st.one_of(
    st.sampled_from(HOSTILE_VALUES),
    texts,
    st.recursive(st.none() | st.integers() | texts, lambda inner: st.lists(inner, max_size=3), max_leaves=6),
)


@st.composite
def manifests(draw: st.DrawFn, format_name: str) -> tuple[corpora.Seed, bytes]:
    """Draw a known manifest, change its tree in a few places, and sometimes its bytes."""
    seed = draw(st.sampled_from(corpora.seeds(format_name)))
    tree = copy.deepcopy(seed.tree)
    for _ in range(draw(st.integers(0, 4))):
        _damage(draw, tree)
    data = json.dumps(tree, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")
    return seed, draw(damaged(data)) if draw(st.integers(0, 2)) == 0 else data


def _damage(draw: st.DrawFn, tree: Any) -> None:
    places = list(_places(tree))
    if not places:
        return
    paths = [(parent, key) for parent, key in places if "/" in str(parent[key]) and isinstance(parent[key], str)]
    prefers_path: bool = draw(st.booleans())
    parent, key = draw(st.sampled_from(paths if paths and prefers_path else places))
    change = draw(st.sampled_from(("value", "text", "text", "drop", "copy", "many", "rename", "nest")))
    if change == "value":
        parent[key] = copy.deepcopy(draw(values))
    elif change == "text":
        parent[key] = _damaged_text(draw, parent[key])
    elif change == "drop":
        del parent[key]
    elif change == "nest":
        for _ in range(draw(st.sampled_from((1, 30, 200)))):
            parent[key] = [parent[key]]
    elif isinstance(parent, MutableSequence):
        parent.extend(
            [copy.deepcopy(parent[key])] * draw(st.sampled_from((1, 2, 11, 300) if change == "many" else (1,)))
        )
    else:
        parent[draw(texts)] = parent[key] if change == "copy" else parent.pop(key)


def _damaged_text(draw: st.DrawFn, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(texts) + text[at + draw(st.integers(0, 3)) :]


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(tree, MutableMapping):
        pairs: list[tuple[Any, Any]] = list(tree.items())
    elif isinstance(tree, MutableSequence):
        pairs = list(enumerate(tree))
    else:
        return
    for key, value in pairs:
        yield tree, key
        yield from _places(value)


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Flip, cut or repeat bytes, up to a megabyte, or insert hostile ones."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, min(16, len(data) - at)))
        change = draw(st.sampled_from(("put", "put", "flip", "cut", "end", "repeat")))
        if change == "put":
            data = data[:at] + draw(st.sampled_from(HOSTILE_BYTES) | st.binary(max_size=4)) + data[at + length :]
        elif change == "flip" and at < len(data):
            data = data[:at] + bytes([data[at] ^ draw(st.integers(1, 255))]) + data[at + 1 :]
        elif change == "cut":
            data = data[:at] + data[at + length :]
        elif change == "end":
            data = data[:at]
        elif change == "repeat":
            times = draw(st.sampled_from((2, 100, 10_000, 100_000)))
            data = (data[:at] + data[at : at + length] * times + data[at + length :])[:MAX_INPUT_BYTES]
    return data


@st.composite
def csv_heads(draw: st.DrawFn) -> bytes:
    """Damage a CSV header before or after gzip, with one or two gzip members."""
    text = draw(st.sampled_from(corpora.CSV_HEADS))
    if draw(st.booleans()):
        text = draw(damaged(text))
    at = draw(st.integers(0, len(text)))
    level = draw(st.sampled_from((0, 1, 9)))
    parts = (text[:at], text[at:]) if draw(st.booleans()) else (text,)
    data = b"".join(gzip.compress(part, level, mtime=0) for part in parts)
    return draw(damaged(data)) if draw(st.integers(0, 2)) == 0 else data


@st.composite
def parquet_tails(draw: st.DrawFn) -> bytes:
    """Damage a Parquet footer, and sometimes its length and magic too."""
    metadata = draw(st.one_of(st.sampled_from(corpora.footers()), st.binary(max_size=60), thrift()))
    if draw(st.integers(0, 3)):
        metadata = draw(damaged(metadata))
    data = b"PAR1" + metadata + struct.pack("<I", len(metadata)) + b"PAR1"
    return draw(damaged(data)) if draw(st.integers(0, 4)) == 0 else data


def thrift() -> st.SearchStrategy[bytes]:
    """Draw tokens of a footer in any order: headers of fields and lists, sizes and ends."""
    tokens = st.one_of(
        st.sampled_from([bytes([delta << 4 | kind]) for delta in (0, 1, 2, 15) for kind in range(13)]),
        st.sampled_from([b"\x00", b"\xf9", b"\xfc", b"\xff\xff\xff\xff\x0f", b"\xff" * 9 + b"\x01", b"\x80" * 12]),
        st.binary(min_size=1, max_size=3),
    )
    return st.lists(tokens, max_size=30).map(lambda parts: b"\x15\x02" + b"".join(parts))


@st.composite
def object_names(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a format, and the name of a manifest or data file with up to two changes."""
    format_name = draw(st.sampled_from(list(FORMATS)))
    known = [name for seed in corpora.seeds(format_name) for name in seed.names]
    name = draw(st.sampled_from(known) | texts)
    for _ in range(draw(st.integers(0, 2))):
        name = _damaged_text(draw, name)
    return format_name, name


_CHARACTERS = st.sampled_from(
    ["a", "A", "b", "/", "_", "-", "1", " ", "ü", "İ", "ẞ", "日", "\n", '"', "_table_", "tag:"]
)
names = st.one_of(
    texts,
    st.lists(_CHARACTERS, max_size=12).map("".join),
    st.sampled_from(["product/ECU", "product/ecu", "bill/BillingPeriodStartDate", "savingsPlan/SavingsPlanARN"]),
    st.text(min_size=250, max_size=320),
)
