"""Storage Transfer: copy a folder that represents an S3 bucket or Blob container into a landing bucket.

Google publishes no judge of what a job copies, so only this code decides it. It follows
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

from tests.emulator.emulator import Emulator
from tests.emulator.permissions import PolicyStore
from tests.emulator.permissions.agents import Step, agent
from tests.emulator.terraform_provider.state import Resource

Order = Callable[[Sequence[str]], Sequence[str]]
_MAX_NAME_BYTES = 1024
_KEEP_TIME = "TIME_CREATED_PRESERVE_AS_CUSTOM_TIME"
_SECRETS = "https://cloud.google.com/storage-transfer/docs/source-amazon-s3#secret_manager"


@dataclass(frozen=True)
class Transfer:
    """A transfer job. It runs only when `run` is called, independent of its schedule.

    It acts as Storage Transfer's agent, which must be able to read the secret that the job names.
    """

    address: str
    client: storage.Client
    permissions: PolicyStore
    project: str
    folder: Path
    source_path: str
    bucket: str
    sink_path: str
    keeps_time: bool
    secret: str | None = None

    def run(self, order: Order = sorted) -> list[str]:
        """Copy new and changed objects. Return their names in the bucket in the order of copying.

        `order` gets the names at the source and returns those to copy, in order.
        """
        self._check_secret()
        bucket = self.client.get_bucket(self.bucket)
        present = {blob.name: blob.md5_hash for blob in self.client.list_blobs(bucket, prefix=self.sink_path)}
        copied = []
        for name in order(self.source_names()):
            content = (self.folder / name).read_bytes()
            target = self.sink_path + name.removeprefix(self.source_path)
            if target in present:  # "overwrite when different" looks at the object in the sink
                bucket.blob(target).reload()
            if present.get(target) != base64.b64encode(hashlib.md5(content).digest()).decode():
                self._copy(bucket.blob(target), content, (self.folder / name).stat().st_mtime)
                copied.append(target)
        return copied

    def source_names(self) -> list[str]:
        """Return what can be copied. Storage Transfer reports an object whose name Cloud Storage does not allow."""
        return [name for name in names_in(self.folder) if name.startswith(self.source_path) and is_object_name(name)]

    def _check_secret(self) -> None:
        """Raise PermissionError if the agent may not read the secret.

        https://cloud.google.com/storage-transfer/docs/source-amazon-s3#secret_manager
        """
        if self.secret is None:
            return
        step = Step(
            agent("transfer", self.project), "secretmanager.versions.access", self.secret, "reads the secret", _SECRETS
        )
        if refusal := step.refusal(self.permissions.policy):
            raise PermissionError(refusal)

    def _copy(self, blob: storage.Blob, content: bytes, written: float) -> None:
        if self.keeps_time:
            blob.custom_time = datetime.fromtimestamp(written, UTC)
        blob.upload_from_string(content, content_type="application/octet-stream")


def names_in(folder: Path) -> list[str]:
    """Return the names that the files of a folder have in a bucket."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def is_object_name(name: str) -> bool:
    """Return whether Cloud Storage allows a name: docs.cloud.google.com/storage/docs/objects#naming."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return False
    return size <= _MAX_NAME_BYTES and not {"\r", "\n"} & set(name)


def transfer(job: Resource, cloud: Emulator, folders: Mapping[str, Path], *, has_times: bool) -> Transfer:
    """Return the transfer of an applied job. `folders` represents the sources, by bucket or `account/container`."""
    job.check_names(
        "name id project description status schedule event_stream transfer_spec logging_config",
        "deletion_policy creation_time last_modification_time",
    )
    job.check_value("status", "ENABLED")
    spec = job.required("transfer_spec")
    spec.check_names("aws_s3_data_source azure_blob_storage_data_source gcs_data_sink transfer_options")
    source, key = _source(spec)
    sink = spec.required("gcs_data_sink")
    for place in (source, sink):
        _check_path(place)
    options = spec.required("transfer_options")
    options.check_names("overwrite_when metadata_options")
    options.check_value("overwrite_when", "DIFFERENT")
    metadata = options.block("metadata_options")
    if metadata:
        metadata.check_names("time_created")
        metadata.check_value("time_created", _KEEP_TIME, "TIME_CREATED_SKIP", None)
    if key not in folders:
        raise source.error("source", f"is {key!r}, but no folder represents it: use one of {sorted(folders)}")
    return Transfer(
        address=job.address,
        client=cloud.storage_client(agent("transfer", cloud.project)),
        permissions=cloud.permissions,
        project=cloud.project,
        folder=folders[key],
        source_path=source.values.get("path") or "",
        bucket=sink["bucket_name"],
        sink_path=sink.values.get("path") or "",
        keeps_time=has_times and metadata is not None and metadata["time_created"] == _KEEP_TIME,
        secret=source.values.get("credentials_secret") or None,
    )


def _source(spec: Resource) -> tuple[Resource, str]:
    if source := spec.block("aws_s3_data_source"):
        source.check_names("bucket_name path role_arn credentials_secret aws_access_key")
        return source, source["bucket_name"]
    source = spec.required("azure_blob_storage_data_source")
    source.check_names(
        "storage_account container path credentials_secret azure_credentials",
        "federated_identity_config",
    )
    return source, f"{source['storage_account']}/{source['container']}"


def _check_path(place: Resource) -> None:
    """Check the rule of the API: a path must not begin with a slash, and must end with one unless it is empty."""
    path = place.values.get("path") or ""
    if path.startswith("/") or (path and not path.endswith("/")):
        raise place.error("path", f"is {path!r}: it must end with a slash and not begin with one")
