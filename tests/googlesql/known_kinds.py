"""The kinds of expressions in `kinds.txt`: those of all SQL texts of the product and its pages.

The tests that analyse the texts compare them with the list.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests.googlesql.kinds import Kind

WRITE_AGAIN = (
    "No expression of this kind is compared on both engines. Write kinds.txt again:"
    " PYTHONPATH=functions:. .venv/bin/python -m tests.googlesql.known_kinds"
)
_FILE = Path(__file__).with_name("kinds.txt")


@cache
def known_kinds() -> frozenset[Kind]:
    return frozenset(Kind(*line.split("\t")) for line in _FILE.read_text().splitlines())


def main() -> None:
    """Analyse all texts, which takes minutes, and write the list."""
    from billing.gcp.bigquery import schema_field
    from tests.googlesql.analyzer import Analyzer
    from tests.googlesql.client import Service
    from tests.googlesql.conftest import warehouse_of
    from tests.googlesql.odd_types import KINDS, MAPPINGS, SOURCE, fields_of_type, texts_over
    from tests.googlesql.pages import documented_tables, snippets
    from tests.googlesql.product import SHAPES, conversation, new_texts
    from tests.googlesql.types import columns_of

    analyzer = Analyzer(Service())
    with analyzer.collecting() as kinds:
        for shape in SHAPES:
            warehouse = warehouse_of(analyzer, conversation(shape))
            for text in new_texts(shape):
                warehouse.analyze(text.sql, text.parameter_types)
        for mapping in MAPPINGS:
            for kind in KINDS:
                fields = fields_of_type(mapping, kind)
                tables = {SOURCE.destination: columns_of([schema_field(field).to_api_repr() for field in fields])}
                for sql in texts_over(mapping, fields):
                    analyzer.analyze(sql, tables)
        warehouse = warehouse_of(analyzer, documented_tables())
        for snippet in snippets():
            warehouse.analyze(snippet.sql)
    _FILE.write_text("".join(f"{kind.role}\t{kind.type}\t{kind.text}\n" for kind in sorted(kinds)))


if __name__ == "__main__":
    main()
