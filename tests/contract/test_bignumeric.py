"""BIGNUMERIC: 76 digits, 38 of them decimals. The values are those of Google's own SQL evaluator."""

from __future__ import annotations

from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest

from tests.contract.emulator_dataset import EmulatorDataset, failure

HIGHEST = "578960446186580977117854925043439539266.34992332820282019728792003956564819967"
LOWEST = "-578960446186580977117854925043439539266.34992332820282019728792003956564819968"
SMALLEST = "0." + "0" * 37 + "1"
AZURE = "0.00011886691674590113"  # 20 decimals, as in real files
HEADER = "month,item,cost\n"


def load(dataset: EmulatorDataset, *costs: str) -> None:
    lines = "".join(f"2023-11-01,i{number},{cost}\n" for number, cost in enumerate(costs))
    dataset.create_table()
    dataset.load_csv(HEADER + lines, "t$202311")


def exact(*texts: str | None) -> list[tuple[Decimal | None]]:
    return [(text if text is None else Decimal(text),) for text in texts]


@pytest.mark.parametrize("cost", [HIGHEST, LOWEST, SMALLEST, f"-{SMALLEST}", AZURE, f"{10**30}.{'7' * 38}", "1e-38"])
def test_number_of_76_digits_is_loaded_and_read(dataset: EmulatorDataset, cost: str) -> None:
    load(dataset, cost)

    assert dataset.rows("SELECT cost FROM $.t") == exact(cost)


@pytest.mark.parametrize("cost", [HIGHEST[:-1] + "8", LOWEST[:-1] + "9", "1e39", "1,5", "0x10", "1_0", "."])
def test_what_is_no_bignumeric_is_rejected(dataset: EmulatorDataset, cost: str) -> None:
    dataset.create_table()
    job = dataset.load(dataset.upload(f'{HEADER}2023-11-01,a,"{cost}"\n'), "t$202311")

    message, errors = failure(job)

    assert "giving up" in message
    assert f'column_name: "cost" column_type: BIGNUMERIC value: "{cost}"' in errors[1]["message"]


def test_sum_of_a_month_is_exact(dataset: EmulatorDataset) -> None:
    load(dataset, "1e38", f"-{SMALLEST}", AZURE, AZURE, "0.1")

    total = "100000000000000000000000000000000000000.10023773383349180225999999999999999999"
    assert dataset.rows("SELECT SUM(cost) FROM $.t") == exact(total)


def test_sums_of_no_rows_and_of_nulls_are_null(dataset: EmulatorDataset) -> None:
    load(dataset, "")

    assert dataset.rows("SELECT SUM(cost), AVG(cost), MIN(cost) FROM $.t") == [(None, None, None)]
    assert dataset.rows("SELECT SUM(cost) FROM $.t WHERE FALSE") == [(None,)]


def test_numbers_sort_and_group_by_value(dataset: EmulatorDataset) -> None:
    costs = ["1e38", "-1e38", "0", SMALLEST, f"-{SMALLEST}", "1e12", "999999999999.5", "1e12", "-1e12", "0.00"]
    load(dataset, *costs)

    found = dataset.rows("SELECT cost FROM $.t GROUP BY cost ORDER BY cost")

    assert found == [(cost,) for cost in sorted({Decimal(cost) for cost in costs})]
    assert dataset.rows("SELECT MIN(cost), MAX(cost), COUNT(DISTINCT cost) FROM $.t") == [
        (Decimal("-1e38"), Decimal("1e38"), 8)
    ]


def test_a_sum_over_a_window_is_exact(dataset: EmulatorDataset) -> None:
    load(dataset, "1e38", SMALLEST)

    total = exact("1" + "0" * 38 + SMALLEST[1:])
    assert dataset.rows("SELECT DISTINCT SUM(cost) OVER (PARTITION BY month) FROM $.t") == total


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("BIGNUMERIC '1' / BIGNUMERIC '3'", "0.33333333333333333333333333333333333333"),
        ("BIGNUMERIC '-2' / 3", "-0.66666666666666666666666666666666666667"),
        ("SAFE_DIVIDE(BIGNUMERIC '2', 3)", "0.66666666666666666666666666666666666667"),
        ("SAFE_DIVIDE(BIGNUMERIC '1', 0)", None),
        ("SAFE_DIVIDE(BIGNUMERIC '1e38', BIGNUMERIC '1e-38')", None),
        ("SAFE_DIVIDE(BIGNUMERIC '1', NULL)", None),
        ("BIGNUMERIC '1e-38' * BIGNUMERIC '0.5'", "1e-38"),
        ("BIGNUMERIC '-1e-38' * BIGNUMERIC '0.5'", "-1e-38"),
        ("BIGNUMERIC '1e-38' * BIGNUMERIC '0.49'", "0"),
        (
            "BIGNUMERIC '123456789.12345678901234567890' * BIGNUMERIC '9.87654321098765432109876543210'",
            "1219326312.46761163249504648436092059112374638011",
        ),
        ("SAFE_MULTIPLY(BIGNUMERIC '1e20', BIGNUMERIC '1e20')", None),
        (f"SAFE_ADD(BIGNUMERIC '{HIGHEST}', 1)", None),
        (f"SAFE_SUBTRACT(BIGNUMERIC '{HIGHEST}', 1)", str(HIGHEST).replace("266.", "265.")),
        ("BIGNUMERIC '0.1' + 0.2", "0.3"),
        ("2 - BIGNUMERIC '1e-38'", "1." + "9" * 38),
        ("-BIGNUMERIC '1e-38'", "-1e-38"),
        ("ABS(BIGNUMERIC '-1e-38')", "1e-38"),
        ("MOD(BIGNUMERIC '-5.5', 2)", "-1.5"),
        (f"MOD(BIGNUMERIC '2.{'9' * 38}', 3)", f"2.{'9' * 38}"),
        ("MOD(BIGNUMERIC '5e37', BIGNUMERIC '3e-38')", f"0.{'0' * 37}2"),
        ("ROUND(BIGNUMERIC '2.5')", "3"),
        ("ROUND(BIGNUMERIC '-2.55', 1)", "-2.6"),
        ("ROUND(BIGNUMERIC '1234.5', -2)", "1200"),
        ("TRUNC(BIGNUMERIC '-2.55', 1)", "-2.5"),
        ("NUMERIC '1.5' * BIGNUMERIC '1e-38'", "2e-38"),
        ("NUMERIC '1' / NUMERIC '3'", "0.333333333"),
        ("NUMERIC '0.000000001' * NUMERIC '0.5'", "0.000000001"),
        ("CAST(BIGNUMERIC '1.0000000005' AS NUMERIC)", "1.000000001"),
        ("IF(TRUE, 0, BIGNUMERIC '1.5')", "0"),
        ("IF(FALSE, 0, BIGNUMERIC '1e-38')", "1e-38"),
        ("CASE WHEN FALSE THEN BIGNUMERIC '1' ELSE 0.25 END", "0.25"),
        ("COALESCE(NULL, BIGNUMERIC '1e-38', 0)", "1e-38"),
        ("COALESCE(CAST(NULL AS BIGNUMERIC), -1)", "-1"),
        ("NULLIF(BIGNUMERIC '0.0', 0)", None),
        ("GREATEST(BIGNUMERIC '1e-38', 0)", "1e-38"),
        ("(SELECT AVG(x) FROM UNNEST([BIGNUMERIC '2', BIGNUMERIC '0', 0]) AS x)", f"0.{'6' * 37}7"),
        ("(SELECT SUM(x) FROM UNNEST([BIGNUMERIC '5e38', BIGNUMERIC '5e38', BIGNUMERIC '-5e38']) AS x)", "5e38"),
        ("(SELECT SUM(IF(x > 1, x, 0)) FROM UNNEST([BIGNUMERIC '1e-38', BIGNUMERIC '2']) AS x)", "2"),
        ("SAFE_CAST(' 1.5 ' AS BIGNUMERIC)", "1.5"),
        ("SAFE_CAST('+1E+2' AS BIGNUMERIC)", "100"),
        ("SAFE_CAST('1.5e-38' AS BIGNUMERIC)", "2e-38"),
        (f"SAFE_CAST('{HIGHEST[:-1]}8' AS BIGNUMERIC)", None),
        ("SAFE_CAST('1.5 x' AS BIGNUMERIC)", None),
        ("SAFE_CAST('' AS BIGNUMERIC)", None),
        ("CAST(9223372036854775807 AS BIGNUMERIC)", "9223372036854775807"),
        ("CAST(0.4021308468 AS BIGNUMERIC)", "0.4021308468"),
        # a value of FLOAT64 is expanded: its text is what the provider wrote
        ("CAST(CAST('0.4021308468' AS FLOAT64) AS BIGNUMERIC)", "0.4021308467999999969322288961848244071"),
        ("CAST(CAST(CAST('0.4021308468' AS FLOAT64) AS STRING) AS BIGNUMERIC)", "0.4021308468"),
        ("CAST(CAST('1e38' AS FLOAT64) AS BIGNUMERIC)", "99999999999999997748809823456034029568"),
        ("SAFE_CAST(CAST('5.8e38' AS FLOAT64) AS BIGNUMERIC)", None),
    ],
)
def test_result_is_that_of_googles_evaluator(dataset: EmulatorDataset, expression: str, value: str | None) -> None:
    assert dataset.rows(f"SELECT {expression}") == exact(value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("CAST(BIGNUMERIC '1.50' AS STRING)", "1.5"),
        ("CAST(BIGNUMERIC '-1e-38' AS STRING)", f"-{SMALLEST}"),
        ("CAST(BIGNUMERIC '2.5' AS INT64)", 3),
        ("CAST(BIGNUMERIC '-2.5' AS INT64)", -3),
        ("CAST(BIGNUMERIC '0.1' AS FLOAT64)", 0.1),
        ("CAST(BIGNUMERIC '0.30000000000000004440892098500626161695' AS FLOAT64)", 0.30000000000000004),
        ("BIGNUMERIC '1.5' + CAST('0.1' AS FLOAT64)", 1.6),
        ("BIGNUMERIC '0.1' = 0.1", True),
        ("BIGNUMERIC '1e-38' != 0", True),
        ("BIGNUMERIC '-0.5' BETWEEN -1 AND 0", True),
        ("BIGNUMERIC '2' IN (1, 2.0)", True),
        ("1e28 > BIGNUMERIC '1'", True),
        ("TO_JSON_STRING(BIGNUMERIC '1.5')", '"1.5"'),
        ("TO_JSON_STRING(BIGNUMERIC '15')", "15"),
        ("TO_JSON_STRING(BIGNUMERIC '9007199254740993')", '"9007199254740993"'),
    ],
)
def test_other_types_from_a_bignumeric(dataset: EmulatorDataset, expression: str, value: object) -> None:
    assert dataset.rows(f"SELECT {expression}") == [(value,)]


@pytest.mark.parametrize(
    "expression",
    [
        "BIGNUMERIC '1e38' / BIGNUMERIC '1e-38'",
        "BIGNUMERIC '1' / BIGNUMERIC '0'",
        f"BIGNUMERIC '{HIGHEST}' + 1",
        "(SELECT SUM(x) FROM UNNEST([BIGNUMERIC '5e38', BIGNUMERIC '5e38']) AS x)",
        "CAST(BIGNUMERIC '1e38' AS INT64)",
    ],
)
def test_result_that_does_not_fit_is_an_error(dataset: EmulatorDataset, expression: str) -> None:
    with pytest.raises(BadRequest):
        dataset.rows(f"SELECT {expression}")


@pytest.mark.only_local("Google gives a result, and the emulator refuses what it cannot do as Google does")
@pytest.mark.parametrize(
    "expression",
    [
        "(SELECT SUM(DISTINCT x) FROM UNNEST([BIGNUMERIC '1']) AS x)",
        "STDDEV(BIGNUMERIC '1')",
        "POW(BIGNUMERIC '2', 2)",
        "BIGNUMERIC '1' = CAST('1' AS FLOAT64)",
    ],
)
def test_wrong_result_is_never_given(dataset: EmulatorDataset, expression: str) -> None:
    with pytest.raises(BadRequest):
        dataset.rows(f"SELECT {expression}")


def test_bignumeric_inside_arrays_and_records_is_read(dataset: EmulatorDataset) -> None:
    found = dataset.rows(
        "SELECT [BIGNUMERIC '1e-38', BIGNUMERIC '2'] AS many, STRUCT(BIGNUMERIC '1e38' AS a, 'b' AS b) AS one"
        " UNION ALL SELECT NULL, NULL ORDER BY 1"
    )

    assert [Decimal("1e-38"), Decimal(2)] in [many for many, _ in found]
    assert {"a": Decimal("1e38"), "b": "b"} in [one for _, one in found]


def test_json_lines_keep_every_digit(dataset: EmulatorDataset) -> None:
    dataset.create_table()
    uri = dataset.upload(f'{{"month": "2023-11-01", "item": "a", "cost": "{HIGHEST}"}}\n{{"month": "2023-11-01"}}\n')

    dataset.load(uri, "t$202311", source_format="NEWLINE_DELIMITED_JSON").result(timeout=60)

    assert dataset.rows("SELECT cost FROM $.t ORDER BY item NULLS LAST") == exact(HIGHEST, None)
