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
    """The rules of one format for the columns of its files.

    `name` makes a column name of a source column. `dictionary` has the type of each published source column.
    `families` has the type of a prefix, for columns that users name, such as tags.
    `endings` has the type of a suffix, for a column that is not published yet.
    `sources` gives each column of a header one name, if providers spell it in several ways.
    """

    name: Callable[[str], str]
    dictionary: Mapping[str, str]
    families: Mapping[str, str]
    endings: Mapping[str, str]
    sources: Callable[[Sequence[str]], Sequence[str]] = lambda header: header

    def published(self, source: str) -> str | None:
        """Return the type that the provider documents for a column or for its family, or None."""
        by_family = (kind for prefix, kind in self.families.items() if source.startswith(prefix))
        return self.dictionary.get(source) or next(by_family, None)

    def type_of(self, source: str, named: str | None = None) -> str | None:
        """Return the published type, else the one that the manifest names, else that of the suffix, else None."""
        by_ending = (kind for ending, kind in self.endings.items() if source.endswith(ending))
        return self.published(source) or named or next(by_ending, None)

    @property
    def owners(self) -> Mapping[str, str]:
        """Return the published source column of each column name. It gets this name without a suffix."""
        return {self.name(source): source for source in self.dictionary}

    def spellings(self, column: str) -> str:
        """Return a column name with the published name of its source column, if that differs."""
        source = self.owners.get(column, column)
        return column if source == column else f"{source} ({column} in the table)"


@cache
def csv_rules(export_format: Format) -> CsvRules:
    """Read the dictionary of a format. A key like `*_cost` matches by suffix, a key like `product/*` by prefix."""
    lines: Mapping[str, str] = json.loads((SCHEMAS / f"{export_format.dictionary}.json").read_text())
    published = {source: kind for source, kind in lines.items() if "*" not in (source[0], source[-1])}
    families = {source[:-1]: kind for source, kind in lines.items() if source.endswith("*")}
    endings = {source[1:]: kind for source, kind in lines.items() if source.startswith("*")}
    if export_format.names == "azure":
        return CsvRules(as_is, published, families, endings, partial(azure_sources, published))
    return CsvRules(_NAMES[export_format.names], published, families, endings)


@dataclass(frozen=True)
class ParquetTypes:
    """The types of the published columns in Parquet files, for a column that has no value yet."""

    columns: Mapping[str, str | None]  # by name in lower case
    families: Mapping[str, str | None]

    def type_of(self, column: str) -> str | None:
        """Return the type of a column, or None if it is not published, or is a map whose values may have any type."""
        lower = column.lower()
        if lower in self.columns:
            return self.columns[lower]
        return next((kind for prefix, kind in self.families.items() if lower.startswith(prefix)), None)


NO_TYPES = ParquetTypes({}, {})


@cache
def parquet_types(export_format: Format) -> ParquetTypes:
    """Read the dictionary of a Parquet format. It has the names and types of CSV files."""
    rules, given = csv_rules(export_format), _PARQUET_TYPES[export_format.provider]
    columns = {rules.name(source).lower(): given.get(kind, kind) for source, kind in rules.dictionary.items()}
    prefixes = {prefix: f"{rules.name(prefix).lower().rstrip('_')}_" for prefix in rules.families}
    families = {prefixes[prefix]: given.get(kind, kind) for prefix, kind in rules.families.items()}
    return ParquetTypes(columns, families)


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
    taken = {name.lower() for name in english}
    renamed: dict[str, str] = {}
    for earlier, now in _RENAMED.items():
        if earlier in taken and now.lower() not in taken:
            renamed[earlier] = now
            taken.add(now.lower())
    current = [renamed.get(name.lower(), name) for name in english]
    return [spellings.get(name.lower(), name[:1].upper() + name[1:]) for name in current]


_LOCALISED = re.compile(r".+ \((\w+)\)", re.DOTALL)
# Names in earlier versions and in other agreements, and the name in version c360-2025-04. If a header has two names of
# one column, the first of them here is renamed.
# learn.microsoft.com/azure/cost-management-billing/dataset-schema/cost-usage-details-ea, -mca and -pay-as-you-go
# learn.microsoft.com/azure/cost-management-billing/automate/understand-usage-details-fields
_RENAMED = {
    "billingcurrencycode": "BillingCurrency",
    "currency": "BillingCurrency",
    "costinbillingcurrency": "Cost",
    "pretaxcost": "Cost",
    "usagedatetime": "Date",
    "usagedate": "Date",
    "resourcerate": "EffectivePrice",
    "exchangerate": "ExchangeRatePricingToBilling",
    "invoicesectionname": "InvoiceSection",
    "marketprice": "PayGPrice",
    "pricingcurrencycode": "PricingCurrency",
    "productname": "Product",
    "usagequantity": "Quantity",
    "consumedquantity": "Quantity",
    "resourcegroupname": "ResourceGroup",
    "subscriptionguid": "SubscriptionId",
}
# What AWS writes into Parquet in place of a type of CSV. A map has its own type there.
_PARQUET_TYPES: Mapping[str, Mapping[str, str | None]] = {"aws": {"BIGNUMERIC": "FLOAT", "JSON": None}, "azure": {}}
_NAMES: Mapping[str, Callable[[str], str]] = {"athena": athena_name, "as_is": as_is}


def name_hash(source: str, digits: int = 4) -> str:
    """Return hex digits for a suffix that depends only on the source column."""
    return hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()[:digits]
