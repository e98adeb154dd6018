"""The one table of export formats, `schemas/formats.json`: read by the functions and by Terraform alike."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

SCHEMAS = Path(__file__).parent / "schemas"


class Format(msgspec.Struct, frozen=True):
    """One kind of export, and the shape of the table that its months land in."""

    provider: Literal["aws", "azure"]
    export: str  # what the provider calls it
    layouts: tuple[str, ...]  # how it may be delivered
    parser: str  # module of `exports` that reads its manifests
    file_format: Literal["CSV", "PARQUET"]
    names: str  # rule of `columns` by which a CSV header becomes columns
    dictionary: str | None  # published columns with their types, for a header that its manifest leaves untyped
    maps: bool  # has columns of key and value, which the view <table>_charges shows as JSON
    table_schema: str  # what a table is created with; {version} is the export's
    versions: tuple[str, ...]
    partition: str  # column that holds the month in every row
    cluster: str
    cost: str  # column that sums up to the invoice
    currency: str
    invoice: str  # column that every row of a month bears once its invoice is made
    settled_days: int | None  # after the month, when it counts as closed without one; None: not before its invoice
    execution_column: str  # how the tracking table calls the execution
    focus: str  # mapping that makes FOCUS rows of it, `schemas/focus_from_<focus>.json`
    kind: str = ""  # the type of export that its manifests name, where they name one


FORMATS: Mapping[str, Format] = msgspec.json.decode(
    (SCHEMAS / "formats.json").read_bytes(), type=dict[str, Format], strict=True
)
