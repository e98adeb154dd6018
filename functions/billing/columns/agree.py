"""Check that all files of a delivery have the same columns."""

from collections.abc import Sequence

from billing.columns.header import Header
from billing.errors import BillingError
from billing.manifests import Column


def csv_columns(headers: Sequence[tuple[str, Header]]) -> tuple[str, ...]:
    """Return the column names, which are the same in all files. `headers` has the name and header of each file.

    Raises BillingError: HEADERS_DIFFER, COMPRESSION_UNSUPPORTED.
    """
    first_name, first = headers[0]
    for name, header in headers[1:]:
        if header.gzipped != first.gzipped:
            raise BillingError(
                "COMPRESSION_UNSUPPORTED",
                f"Of {first_name} and {name}, one is compressed and one is not; one load job cannot read both.",
            )
        if header.columns != first.columns:
            pairs = zip(first.columns, header.columns, strict=False)
            odd = next((b.name for a, b in pairs if a != b), "their number")
            raise BillingError(
                "HEADERS_DIFFER", f"{name} has another header than {first_name}; first difference: {odd}."
            )
    return tuple(column.name for column in first.columns)


def parquet_columns(headers: Sequence[tuple[str, Header]]) -> tuple[Column, ...]:
    """Return the columns of all files. `headers` has the name and header of each file; a file may lack a column.

    Raises BillingError: HEADERS_DIFFER, if a column has two types.
    """
    union: dict[str, Column] = {}
    for name, header in headers:
        for column in header.columns:
            if union.setdefault(column.name, column) != column:
                raise BillingError("HEADERS_DIFFER", f"{name} has column {column.name} with another type than others.")
    return tuple(union.values())
