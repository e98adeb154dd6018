"""The rules of each format for column names, and the types of the columns that providers document."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from billing.formats import SCHEMAS, Format

MAX_NAME = 300  # docs.cloud.google.com/bigquery/quotas#all_tables
VALID_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# docs.cloud.google.com/bigquery/docs/schemas#column_names
RESERVED_PREFIXES = ("_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier")


@dataclass(frozen=True)
class CsvRules:
    """The rules of one format for CSV columns.

    `name` makes a column name of a source column. `dictionary` has the type of each published source column.
    `endings` has the type of a suffix, for a column that is not published yet.
    `sources` gives each column of a header one name, if providers spell it in several ways.
    """

    name: Callable[[str], str]
    dictionary: Mapping[str, str]
    endings: Mapping[str, str]
    sources: Callable[[Sequence[str]], Sequence[str]] = lambda header: header

    def type_of(self, source: str) -> str | None:
        """Return the type of a source column, or None if it is unknown."""
        by_ending = (kind for ending, kind in self.endings.items() if source.endswith(ending))
        return self.dictionary.get(source) or next(by_ending, None)

    @property
    def owners(self) -> Mapping[str, str]:
        """Return the published source column of each column name. It gets this name without a suffix."""
        return {self.name(source): source for source in self.dictionary}


@cache
def csv_rules(export_format: Format) -> CsvRules:
    """Read the dictionary of a format. A key like `*_cost` matches by suffix."""
    path = SCHEMAS / f"{export_format.dictionary}.json"
    lines: Mapping[str, str] = json.loads(path.read_text()) if export_format.dictionary else {}
    published = {source: kind for source, kind in lines.items() if not source.startswith("*")}
    endings = {source[1:]: kind for source, kind in lines.items() if source.startswith("*")}
    if export_format.names == "azure":
        return CsvRules(as_is, published, endings, partial(azure_sources, published))
    return CsvRules(_NAMES[export_format.names], published, endings)


def athena_name(source: str) -> str:
    """Return the name that AWS gives a column in Athena, so that CSV, Parquet and AWS's published SQL agree.

    The rule: an underscore before each capital, then lower case, then one underscore for other characters, none at
    the ends. docs.aws.amazon.com/cur/latest/userguide/create-manual-table.html
    """
    spaced = re.sub(r"([A-Z])", r"_\1", source).lower()
    name = re.sub(r"[^a-z0-9]+", "_", spaced).strip("_")
    if not name or name[0].isdigit():  # it has no reserved prefix: these begin with an underscore
        name = f"c_{name}"
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 5]}_{name_hash(source)}"


def as_is(source: str) -> str:
    """Return the name itself if BigQuery takes it, else the name of the Athena rule."""
    fits = VALID_NAME.fullmatch(source) and len(source) <= MAX_NAME and not source.lower().startswith(RESERVED_PREFIXES)
    return source if fits else athena_name(source)


def azure_sources(published: Mapping[str, str], header: Sequence[str]) -> Sequence[str]:
    """Give each column of Azure's actual and amortized cost one name: the one in the published list.

    `costInBillingCurrency` (MCA), `CostInBillingCurrency` (EA), `Kosten (CostInBillingCurrency)` (a German portal) and
    `Cost` are the same column.
    """
    spellings = {name.lower(): name for name in published}
    english = [(match[1] if (match := _LOCALISED.fullmatch(name)) else name) for name in header]
    present = {name.lower() for name in english}
    current = [now if (now := _RENAMED.get(name.lower())) and now.lower() not in present else name for name in english]
    return [spellings.get(name.lower(), name[:1].upper() + name[1:]) for name in current]


_LOCALISED = re.compile(r".+ \((\w+)\)", re.DOTALL)
# Names in earlier versions, and the name in version c360-2025-04:
# learn.microsoft.com/azure/cost-management-billing/dataset-schema/cost-usage-details-ea and -mca
_RENAMED = {
    "billingcurrencycode": "BillingCurrency",
    "costinbillingcurrency": "Cost",
    "invoicesectionname": "InvoiceSection",
    "productname": "Product",
    "resourcegroupname": "ResourceGroup",
}
_NAMES: Mapping[str, Callable[[str], str]] = {"athena": athena_name, "as_is": as_is}


def name_hash(source: str, digits: int = 4) -> str:
    """Return hex digits for a suffix that depends only on the source column."""
    return hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()[:digits]
