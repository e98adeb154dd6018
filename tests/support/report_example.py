"""A report with every part of the page, and with hostile names."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from billing_cli.report.queries import MonthCost, Question, Report, Share, Split

HOSTILE = "<script>document.title = 'run'</script>"
SHARES = [
    Share("USD", HOSTILE, 0, Decimal("1234567.891"), Decimal("-2.5")),
    Share("USD", None, 0, Decimal(5), Decimal(5)),
    Share("USD", None, 1200, Decimal(1), Decimal("0.999")),
    Share("EUR", '"><img src=x onerror=alert(1)>' + "long" * 60, 0, Decimal(7), Decimal(8)),
]
LOADED = datetime(2025, 11, 3, 4, 5, tzinfo=UTC)
REPORT = Report(
    made_at=LOADED,
    question=Question(tag="team"),
    months=[
        MonthCost("USD", "2025-09", "aws", Decimal("1000.5"), Decimal(900)),
        MonthCost("USD", "2025-10", "google", Decimal(20), Decimal(10)),
        MonthCost("EUR", "2025-10", "azure", Decimal(7), Decimal(8)),
    ],
    splits=[Split(by, SHARES) for by in ("service", "account", f"tag {HOSTILE}")],
    status=[
        {"source": "aws_cur", "month": "2025-09", "state": "loaded", "loaded_at": LOADED, "row_count": 1234},
        {"source": "aws_cur", "month": "2025-10", "state": "waiting", "code": "WAITING", "message": HOSTILE},
    ],
    quality=[{"source": "aws_cur", "month": "2025-09", "code": "NO_ServiceName", "description": HOSTILE, "broken": 3}],
)
