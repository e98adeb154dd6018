"""Google's permissions: who may do what, by the grants that Terraform applied.

    Policy              grants, authorized views and keys; pure
    policy_of           the policy of Terraform's applied resources
    PolicyStore         the policies of all deployments of an emulator
    token_of, member_of the token by which a client acts as an account

The gate of storage (`storage_guard.py`) and BigQuery's server (`bigquery_guard.py`, `bigquery_access.py`) refuse a
request of an account that no grant allows. `agents.py` and `invocation.py` do the same for what Google's own accounts
do in a deployment. A caller with another token than an account's is the project's owner, who may do everything.
"""

from tests.emulator.permissions.policy import AuthorizedViews, Grant, Policy
from tests.emulator.permissions.principals import member_of, token_of
from tests.emulator.permissions.store import PolicyStore

__all__ = ["AuthorizedViews", "Grant", "Policy", "PolicyStore", "member_of", "token_of"]
