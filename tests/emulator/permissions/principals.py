"""Who sends a request: the account whose token it carries."""

from __future__ import annotations

import base64
import binascii

_PREFIX = "emulator-account."
OWNER_TOKEN = "emulator-owner"
ANONYMOUS = "allUsers"  # a request without a token


def token_of(member: str | None) -> str:
    """Return the access token of `serviceAccount:…` or `user:…`, or that of the project's owner."""
    return OWNER_TOKEN if member is None else _PREFIX + base64.urlsafe_b64encode(member.encode()).decode()


def member_of(authorization: str | None) -> str | None:
    """Return the member that sent an Authorization header. None is the project's owner: any other token."""
    if not authorization:
        return ANONYMOUS
    token = authorization.removeprefix("Bearer ")
    if not token.startswith(_PREFIX):
        return None
    try:
        return base64.urlsafe_b64decode(token.removeprefix(_PREFIX)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ANONYMOUS


def email_of(member: str) -> str:
    """Return the name by which Google's sentences call a member."""
    return "Anonymous caller" if member == ANONYMOUS else member.partition(":")[2]
