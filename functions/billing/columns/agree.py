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
                f"Of {first_name} and {name}, one is compressed and one is not, and one load job cannot read both:"
                " set the export's compression to GZIP, and deliver the month again.",
            )
        if header.columns != first.columns:
            pairs = zip(first.columns, header.columns, strict=False)
            odd = next((b.name for a, b in pairs if a != b), "their number")
            found = f"{name} has another header than {first_name}; first difference: {odd}"
            raise BillingError("HEADERS_DIFFER", f"{found}. Deliver the month again.")
    return tuple(column.name for column in first.columns)


def parquet_columns(headers: Sequence[tuple[str, Header]]) -> tuple[Column, ...]:
    """Return the columns of all files. `headers` has the name and header of each file; a file may lack a column.

    If a column has no value in some files, the others give its type.
    Raises BillingError: HEADERS_DIFFER, if a column has two types.
    """
    union: dict[str, tuple[str, Column]] = {}
    for name, header in headers:
        for column in header.columns:
            known_in, known = union.setdefault(column.name, (name, column))
            if not column.has_values or known == column:
                continue
            if known.has_values:
                types = f"is {known.type or 'nested'} in {known_in}, but {column.type or 'nested'} in {name}"
                raise BillingError("HEADERS_DIFFER", f"Column {column.name} {types}: deliver the month again.")
            union[column.name] = (name, column)
    return tuple(column for _, column in union.values())
