"""The README's queries answer, on both providers' months."""

import re
from pathlib import Path
from typing import Any

from tests.harness import Harness
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.stack import AWS, AZURE

README = Path(__file__).parents[2] / "README.md"


def test_every_query_of_the_readme_answers(harness: Harness, tmp_path: Path) -> None:
    aws = aws_cur_delivery(tmp_path, "2025-09", rows=300)
    azure = azure_focus_delivery(tmp_path, "2025-09", rows=300)
    harness.load(AWS, aws)
    harness.load(AZURE, azure)
    harness.stack.deliver(AWS, aws_cur_delivery(tmp_path, "2025-10", rows=10), "manifest")
    harness.sweep()

    queries = re.findall(r"```sql\n(.*?)```", README.read_text(), re.DOTALL)
    wrong, by_account, by_subscription, by_month = (_answer(harness, query) for query in queries)

    assert [(row["source"], row["month"], row["code"]) for row in wrong] == [
        ("aws_cur", "2025-10", "WAITING_FOR_FILES")
    ]
    assert sum(row["cost"] for row in by_account) == aws.totals.cost
    assert {row["service"] for row in by_account} == set(aws.totals.by_service)
    assert by_subscription
    assert all(row["saved"] == row["list"] - row["effective"] for row in by_subscription)
    costs = {(row["month"], row["currency"]): (row["aws"], row["azure"]) for row in by_month}
    assert costs["2025-09", "USD"] == (aws.totals.cost, 0)
    assert costs["2025-09", "EUR"] == (0, azure.totals.cost)


def _answer(harness: Harness, query: str) -> list[dict[str, Any]]:
    return harness.rows(query.replace("billing.", "{dataset}.", 1))
