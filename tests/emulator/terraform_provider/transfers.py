"""Storage Transfer Service: copies a folder that stands for an S3 bucket or a Blob container into a landing bucket.

https://cloud.google.com/storage-transfer/docs/reference/rest/v1/TransferSpec
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from google.cloud import storage

from tests.emulator.terraform_provider.state import Resource

Order = Callable[[Sequence[str]], Sequence[str]]
_KEEP_TIME = "TIME_CREATED_PRESERVE_AS_CUSTOM_TIME"


@dataclass(frozen=True)
class Transfer:
    """One job. `run` is one operation of it, whatever its schedule or event stream says."""

    address: str
    client: storage.Client
    folder: Path
    source_path: str
    bucket: str
    sink_path: str
    keeps_time: bool

    def run(self, order: Order = sorted) -> list[str]:
        """Copies new and different objects, and returns their names in the bucket, in the order of the copying.

        `order` gets the names at the source and says which go when; those it leaves out do not go this time.
        """
        bucket = self.client.bucket(self.bucket)
        present = {blob.name: blob.md5_hash for blob in self.client.list_blobs(bucket, prefix=self.sink_path)}
        copied = []
        for name in order(self.source_names()):
            content = (self.folder / name).read_bytes()
            target = self.sink_path + name.removeprefix(self.source_path)
            if present.get(target) != base64.b64encode(hashlib.md5(content).digest()).decode():
                self._copy(bucket.blob(target), content, (self.folder / name).stat().st_mtime)
                copied.append(target)
        return copied

    def source_names(self) -> list[str]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        names = sorted(path.relative_to(self.folder).as_posix() for path in files)
        return [name for name in names if name.startswith(self.source_path)]

    def _copy(self, blob: storage.Blob, content: bytes, written: float) -> None:
        if self.keeps_time:
            blob.custom_time = datetime.fromtimestamp(written, UTC)
        blob.upload_from_string(content, content_type="application/octet-stream")


def transfer(job: Resource, client: storage.Client, folders: Mapping[str, Path]) -> Transfer:
    """`folders`: what stands for the sources, by S3 bucket or by `account/container`."""
    job.knows(
        "name id project description status schedule event_stream transfer_spec logging_config",
        "deletion_policy",
    )
    job.demand("status", "ENABLED")
    spec = job.required("transfer_spec")
    spec.knows("aws_s3_data_source azure_blob_storage_data_source gcs_data_sink transfer_options")
    source, key = _source(spec)
    sink = spec.required("gcs_data_sink")
    for place in (source, sink):
        _check_path(place)
    options = spec.required("transfer_options")
    options.knows("overwrite_when metadata_options")
    options.demand("overwrite_when", "DIFFERENT")
    metadata = options.block("metadata_options")
    if metadata:
        metadata.knows("time_created")
        metadata.demand("time_created", _KEEP_TIME, "TIME_CREATED_SKIP", None)
    if key not in folders:
        raise source.refused("source", f"is {key!r}, and no folder stands for it: there are {sorted(folders)}")
    return Transfer(
        address=job.address,
        client=client,
        folder=folders[key],
        source_path=source.values.get("path") or "",
        bucket=sink["bucket_name"],
        sink_path=sink.values.get("path") or "",
        keeps_time=metadata is not None and metadata["time_created"] == _KEEP_TIME,
    )


def _source(spec: Resource) -> tuple[Resource, str]:
    if source := spec.block("aws_s3_data_source"):
        source.knows("bucket_name path role_arn credentials_secret aws_access_key")
        return source, source["bucket_name"]
    source = spec.required("azure_blob_storage_data_source")
    source.knows(
        "storage_account container path credentials_secret azure_credentials",
        "federated_identity_config",
    )
    return source, f"{source['storage_account']}/{source['container']}"


def _check_path(place: Resource) -> None:
    """ "must not begin with a slash, and must end with one unless it is empty": the API's rule for both paths."""
    path = place.values.get("path") or ""
    if path.startswith("/") or (path and not path.endswith("/")):
        raise place.refused("path", f"is {path!r}: it must end with a slash, and not begin with one")
