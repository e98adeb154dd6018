"""The notes of the sweep: an object in the bookkeeping bucket. It does not need BigQuery, which may be what fails."""

from typing import Any

import msgspec

from billing.decisions.sweep_notes import SweepNotes


class SweepNoteStore:
    """Notes in `gs://<bookkeeping bucket>/sweeps/notes.json`."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._bucket = client.bucket(bucket)

    def read(self) -> SweepNotes:
        """Return the notes of the last sweep. Without any, or with unreadable ones, they are empty. One request."""
        from google.api_core.exceptions import NotFound

        try:
            return msgspec.json.decode(self._blob().download_as_bytes(checksum=None), type=SweepNotes)
        except (NotFound, msgspec.DecodeError):
            return SweepNotes()

    def try_read(self) -> tuple[SweepNotes, str | None]:
        """Return the notes, or why Google refuses to give them."""
        from google.api_core.exceptions import GoogleAPICallError

        try:
            return self.read(), None
        except GoogleAPICallError as exc:
            return SweepNotes(), " ".join(str(exc).split())

    def write(self, notes: SweepNotes) -> None:
        """One request. If two sweeps write, the last one counts."""
        self._blob().upload_from_string(msgspec.json.encode(notes), content_type="application/json", checksum=None)

    def _blob(self) -> Any:
        return self._bucket.blob("sweeps/notes.json")
