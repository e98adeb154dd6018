"""A lease that another instance holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from billing.gcp.lease import LEASE_DURATION


def held_lease() -> str:
    """Return the content of a lease that was just taken. One that ends later than it can counts as expired."""
    return json.dumps({"holder": "other", "expires": (datetime.now(UTC) + LEASE_DURATION).isoformat(), "job_id": None})
