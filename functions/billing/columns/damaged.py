"""Column names of a CSV header with bytes that are not UTF-8, which were read as U+FFFD."""

import re
from collections import Counter
from collections.abc import Sequence

from billing.columns.header import REPLACEMENT
from billing.columns.names import CsvRules
from billing.errors import BillingError
from billing.manifests import Column

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def whole_names(header: Sequence[str], manifest: Sequence[Column]) -> list[str]:
    """Return the header with the manifest's names for damaged ones. A name fits if it has the same ASCII characters.

    A damaged name stays if none or several fit.
    """
    named = {column.name for column in manifest}
    fitting = dict[str, list[str]]()
    for name in named - set(header):
        fitting.setdefault(_ascii(name), []).append(name)
    damaged = {name for name in header if REPLACEMENT in name and name not in named}
    counts = Counter(map(_ascii, damaged))
    whole = {key: names[0] for key, names in fitting.items() if len(names) == counts[key] == 1}
    return [whole.get(_ascii(name), name) if name in damaged else name for name in header]


def check_whole(header: Sequence[str], rules: CsvRules) -> None:
    """Reject a damaged name, unless a user chose it, such as the key of a tag: what is in the column is not known.

    Raises BillingError: HEADER_UNREADABLE.
    """
    chosen = tuple(rules.families)
    damaged = next((name for name in header if REPLACEMENT in name and not name.startswith(chosen)), None)
    if damaged is not None:
        found = f"The files' header has bytes that are not UTF-8 in column {damaged!r}, so its name is not known"
        raise BillingError("HEADER_UNREADABLE", f"{found}. Deliver the month again.")


def _ascii(name: str) -> str:
    return _NOT_ASCII.sub(REPLACEMENT, name)
