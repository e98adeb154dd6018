"""The manifests of a month, and the order in which the sweep tries them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billing.decisions.delivery import StoredObject
from billing.manifests import Export


@dataclass(frozen=True)
class ReadableCandidate:
    """A manifest that names a delivery."""

    manifest: StoredObject
    export: Export


@dataclass(frozen=True)
class UnreadableCandidate:
    """A manifest that cannot be read."""

    manifest: StoredObject


Candidate = ReadableCandidate | UnreadableCandidate


def best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Sort by rank: most days, then newest. Unreadable manifests have no rank, and come last."""
    return sorted(candidates, key=_rank, reverse=True)


def in_order_of_trial(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Sort for the sweep: unreadable manifests first, because nobody knows their rank, then the best delivery."""
    return sorted(candidates, key=lambda one: isinstance(one, ReadableCandidate))


def with_execution(candidates: Iterable[Candidate], execution: str) -> list[ReadableCandidate]:
    readable = (one for one in candidates if isinstance(one, ReadableCandidate))
    return [one for one in readable if one.export.execution == execution]


def _rank(candidate: Candidate) -> tuple[str, str]:
    return candidate.export.rank if isinstance(candidate, ReadableCandidate) else ("", "")
