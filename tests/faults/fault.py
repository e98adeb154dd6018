"""One description of a fault: the number of the request where it happens, and what happens there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal[
    "crash before",
    "crash after",
    "pause before",
    "pause after",
    "lost answer",
    "sent twice",
    "500",
    "503",
    "429",
    "quota",
    "401",
    "403",
]
# HTTP status and reason, as BigQuery answers
ERROR_ANSWERS: Mapping[FaultKind, tuple[int, str]] = {
    "500": (500, "internalError"),
    "503": (503, "backendError"),
    "429": (429, "rateLimitExceeded"),
    "quota": (403, "quotaExceeded"),
    "401": (401, "authError"),
    "403": (403, "accessDenied"),
}


@dataclass(frozen=True)
class Fault:
    """What happens at the k-th request from now on, counted from 1.

    "Before" means that the request is never sent. "After" and "lost answer" mean that the service took it.
    """

    at: int
    kind: FaultKind


class Crash(BaseException):
    """The process stopped: no handler runs, and nothing that `finally` still sends arrives."""
