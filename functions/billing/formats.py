"""The table of export formats, `schemas/formats.json`. Terraform reads the same file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

SCHEMAS = Path(__file__).parent / "schemas"


class Format(msgspec.Struct, frozen=True):
    """One kind of export, and the table that its months are loaded into."""

    provider: Literal["aws", "azure"]
    export: str  # the name that the provider gives it
    layouts: tuple[str, ...]  # the ways to deliver it: create_new, overwrite, athena
    parser: str  # module of billing.manifests that reads its manifests
    file_format: Literal["CSV", "PARQUET"]
    names: str  # rule of columns/names.py that makes column names of the names in the dictionary
    dictionary: str  # file with the type of each published column in CSV files
    maps: bool  # it has maps, which the view <table>_charges shows as JSON
    table_schema: str  # file with the columns of a new table; {version} stands for one of `versions`
    versions: tuple[str, ...]
    # column with the first moment of the billing month, equal in every row. The table is partitioned by it, and
    # `focus_costs` uses it unchanged as BillingPeriodStart. A usage time does not work.
    partition: str
    cluster: str
    cost: str  # column whose sum is the invoice
    currency: str
    invoice: str | None  # column that is filled in every row when the month is invoiced; None if there is none
    settled_days: int | None  # days after its end when a month closes without an invoice; None needs `invoice`
    execution_column: str  # name of the column with the execution in the tracking table
    focus: str  # its FOCUS mapping is schemas/focus_from_<focus>.json
    earlier_invoice: str = ""  # the name of `invoice` in earlier versions of the export
    partly_invoiced_days: int | None = None  # the same for a month in which only some rows have an invoice
    kind: str = ""  # the type of export that its manifests name; Azure only


FORMATS: Mapping[str, Format] = msgspec.json.decode(
    (SCHEMAS / "formats.json").read_bytes(), type=dict[str, Format], strict=True
)
