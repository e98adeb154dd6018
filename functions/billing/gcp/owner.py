"""The scope that a table belongs to: an object in the bookkeeping bucket, written before the first load."""

from typing import Any

from billing.errors import BillingError
from billing.settings import Source

_KINDS = ("account ", "folder ", "scope ")  # how the scope of an export begins


class Owners:
    """Owners in `gs://<bookkeeping bucket>/owners/<table>.txt`."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._bucket = client.bucket(bucket)

    def read(self, source: Source) -> str:
        """Return the scope that the source's table belongs to, or '' before the first load. One request.

        Raises BillingError: BOOKKEEPING_UNREADABLE.
        """
        from google.api_core.exceptions import NotFound

        try:
            data: bytes = self._blob(source).download_as_bytes(checksum=None)
        except NotFound:
            return ""
        try:
            scope = data.decode()
        except UnicodeDecodeError:
            scope = ""
        if not scope.startswith(_KINDS):
            name = f"gs://{self._bucket.name}/{self._blob(source).name}"
            found = f"{name} names no account, folder or scope: {data[:80]!r}"
            fix = "delete it, and the next delivery decides whom the table belongs to"
            raise BillingError("BOOKKEEPING_UNREADABLE", f"{found}: {fix}.")
        return scope

    def claim(self, source: Source, scope: str) -> None:
        """Give a table that belongs to nobody to this scope. One request.

        Raises BillingError: TABLE_CHANGED, if another instance was faster. The next evaluation knows the owner.
        """
        from google.api_core.exceptions import PreconditionFailed

        try:
            self._write(source, scope, if_generation_match=0)
        except PreconditionFailed as exc:
            raise BillingError("TABLE_CHANGED", f"{source.destination} got its first load just now.") from exc

    def replace(self, source: Source, scope: str) -> None:
        """Give the table to another scope: an operator replays one of its deliveries. One request."""
        self._write(source, scope)

    def _write(self, source: Source, scope: str, **precondition: int) -> None:
        self._blob(source).upload_from_string(scope, content_type="text/plain", checksum=None, **precondition)

    def _blob(self, source: Source) -> Any:
        return self._bucket.blob(f"owners/{source.destination}.txt")
