"""The headers of all files of a delivery are read, however many there are."""

from __future__ import annotations

import gzip

import pytest

from billing.columns.agree import csv_columns, parquet_columns
from billing.errors import BillingError
from billing.gcp.landing import LandingBucket
from tests.fakes.deployment import FakeDeployment
from tests.fakes.small_files import csv_file, parquet_file
from tests.fakes.wire import Wire
from tests.support.sources import AWS, AZURE, SourceSpec

GOOD = {AWS: csv_file("2025-09", ("a",)), AZURE: parquet_file("2025-09", ("a",))}
ODD = {
    "two columns swapped": gzip.compress(
        b"lineItem/UnblendedCost,bill/BillingPeriodStartDate,identity/LineItemId\n1,2025-09-01,b\n"
    ),
    "one column more": gzip.compress(b"bill/BillingPeriodStartDate,identity/LineItemId,lineItem/UnblendedCost,x\n"),
}


def landing_with(spec: SourceSpec, files: dict[str, bytes]) -> LandingBucket:
    deployment = FakeDeployment()
    source = deployment.source(spec)
    for name, data in files.items():
        deployment.put(source.bucket, f"{source.prefix}{name}", data)
    return LandingBucket(deployment.cloud.storage(Wire(deployment.cloud.clock)), source)


def many(spec: SourceSpec, odd: bytes, *, files: int = 25, at: int = 14) -> dict[str, bytes]:
    return {f"part-{number:05}": odd if number == at else GOOD[spec] for number in range(files)}


@pytest.mark.fault("F28")
@pytest.mark.parametrize("odd", ODD)
def test_one_csv_file_with_another_header_is_found(odd: str) -> None:
    landing = landing_with(AWS, many(AWS, ODD[odd]))

    headers = landing.headers(list(landing.list_all()))

    with pytest.raises(BillingError, match=r"^HEADERS_DIFFER: aws/part-00014 has another header than aws/part-00000"):
        csv_columns(headers)


@pytest.mark.fault("F28")
def test_one_parquet_file_with_another_schema_is_found() -> None:
    odd = parquet_file("2025-09", ("a",), cost_as_text=True)
    landing = landing_with(AZURE, many(AZURE, odd))

    headers = landing.headers(list(landing.list_all()))

    with pytest.raises(
        BillingError, match=r"^HEADERS_DIFFER: Column BilledCost is BIGNUMERIC in .*, but STRING in azure/part-00014: "
    ):
        parquet_columns(headers)


def test_equal_columns_are_kept_once_and_rows_of_twenty_files() -> None:
    landing = landing_with(AWS, many(AWS, GOOD[AWS], files=60))

    headers = landing.headers(list(landing.list_all()))

    assert len({id(header.columns) for _, header in headers}) == 1
    assert 19 <= sum(bool(header.rows) for _, header in headers) <= 20
