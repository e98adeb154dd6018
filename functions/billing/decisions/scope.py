"""Whose export is it? A table belongs to one export of one account, and takes no delivery of another one."""


def is_other_scope(owner: str, scope: str) -> bool:
    """Return whether two scopes exclude each other. Scopes of two kinds, such as account and folder, do not.

    A scope is a kind and a value, like `account 123456789012`. It is '' if the manifest does not say it.
    """
    (one, owned), (other, found) = _parts(owner), _parts(scope)
    return one == other and owned != found


def _parts(scope: str) -> tuple[str, str]:
    kind, _, value = scope.partition(" ")
    return kind, value
