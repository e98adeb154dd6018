"""Numbers that Google would choose: twelve digits that depend on a name, so that they are the same in every run."""

from __future__ import annotations

import hashlib


def number_of(identity: object) -> str:
    """Return the number of a project, or of anything else with a name."""
    return str(10**11 + int(hashlib.sha256(str(identity).encode()).hexdigest()[:12], 16) % (9 * 10**11))
