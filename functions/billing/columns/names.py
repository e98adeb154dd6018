"""Source column names become BigQuery column names; dictionaries give the types of published columns."""

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
    """How a format's CSV headers become columns: the name that a source column gets, and the published ones' types.

    `endings` are those by which a provider's columns show their type, for one that is not published yet.
    `sources` says which source columns a header row names, where one column is spelled in several ways.
    """

    name: Callable[[str], str]
    dictionary: Mapping[str, str]
    endings: Mapping[str, str]
    sources: Callable[[Sequence[str]], Sequence[str]] = lambda header: header

    def type_of(self, source: str) -> str | None:
        by_ending = (kind for ending, kind in self.endings.items() if source.endswith(ending))
        return self.dictionary.get(source) or next(by_ending, None)

    @property
    def owners(self) -> Mapping[str, str]:
        """Whose a plain name is, of the published columns."""
        return {self.name(source): source for source in self.dictionary}


@cache
def csv_rules(export_format: Format) -> CsvRules:
    """Of a dictionary's lines, those like `*_cost` are endings."""
    path = SCHEMAS / f"{export_format.dictionary}.json"
    lines: Mapping[str, str] = json.loads(path.read_text()) if export_format.dictionary else {}
    published = {source: kind for source, kind in lines.items() if not source.startswith("*")}
    endings = {source[1:]: kind for source, kind in lines.items() if source.startswith("*")}
    if export_format.names == "azure":
        return CsvRules(as_is, published, endings, partial(azure_sources, published))
    return CsvRules(_NAMES[export_format.names], published, endings)


def athena_name(source: str) -> str:
    """AWS's own rule, so that CSV, Parquet and AWS's published SQL agree.

    docs.aws.amazon.com/cur/latest/userguide/create-manual-table.html: an underscore before each capital,
    lower case, other characters to underscores, repeats and ends removed.
    """
    spaced = re.sub(r"([A-Z])", r"_\1", source).lower()
    name = re.sub(r"[^a-z0-9]+", "_", spaced).strip("_")
    if not name or name[0].isdigit():  # a reserved prefix begins with an underscore: it is gone
        name = f"c_{name}"
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 5]}_{name_hash(source)}"


def as_is(source: str) -> str:
    """A name that is a BigQuery column already, and else by Athena's rule."""
    fits = VALID_NAME.fullmatch(source) and len(source) <= MAX_NAME and not source.lower().startswith(RESERVED_PREFIXES)
    return source if fits else athena_name(source)


def azure_sources(published: Mapping[str, str], header: Sequence[str]) -> Sequence[str]:
    """One name for each column of Azure's actual and amortized cost, however the account and its language spell it.

    `costInBillingCurrency` (MCA), `CostInBillingCurrency` (EA), `Kosten (CostInBillingCurrency)` (a German portal) and
    `Cost` are one column, in the spelling of the published list.
    """
    spellings = {name.lower(): name for name in published}
    english = [(match[1] if (match := _LOCALISED.fullmatch(name)) else name) for name in header]
    present = {name.lower() for name in english}
    current = [now if (now := _RENAMED.get(name.lower())) and now.lower() not in present else name for name in english]
    return [spellings.get(name.lower(), name[:1].upper() + name[1:]) for name in current]


_LOCALISED = re.compile(r".+ \((\w+)\)", re.DOTALL)
# What earlier versions call columns of c360-2025-04:
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
    return hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()[:digits]
