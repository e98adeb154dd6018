"""A request to the loader: one manifest of one source."""

from dataclasses import dataclass

from billing.decisions.policy import Override, Policy, policy_of
from billing.settings import Source


@dataclass(frozen=True)
class LoadRequest:
    source: Source
    manifest: str  # object name
    override: Override = Override.NONE

    @property
    def policy(self) -> Policy:
        return policy_of(self.source, self.override)

    @property
    def manifest_uri(self) -> str:
        return f"gs://{self.source.bucket}/{self.manifest}"
