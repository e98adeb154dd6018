"""Whose export it is, for both kinds of AWS manifests."""

import re

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


def account_scope(account: object, root: str) -> str:
    """Return the scope of an AWS export: its account, or the folder that it delivers into if no account is named."""
    named = isinstance(account, str) and _ACCOUNT.fullmatch(account) is not None
    return f"account {account}" if named else f"folder {root}"
