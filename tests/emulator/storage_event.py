"""The CloudEvent of a finalized object.

https://cloud.google.com/eventarc/docs/cloudevents (google.cloud.storage.object.v1.finalized)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from google.events.cloud.storage import StorageObjectData

FINALIZED = "google.cloud.storage.object.v1.finalized"
# What the HTTP binding leaves as it is, apart from letters and digits: printable ASCII without space, " and %.
_NOT_ENCODED = "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~"
# fmt: off
_DATA_FIELDS = (
    "kind", "id", "selfLink", "name", "bucket", "generation", "metageneration", "contentType", "contentEncoding",
    "timeCreated", "updated", "storageClass", "timeStorageClassUpdated", "size", "md5Hash", "mediaLink", "crc32c",
    "etag", "metadata",
)
# fmt: on


@dataclass(frozen=True)
class StorageEvent:
    id: str
    time: str
    data: Mapping[str, Any]

    @property
    def bucket(self) -> str:
        return str(self.data["bucket"])

    @property
    def name(self) -> str:
        return str(self.data["name"])

    @property
    def generation(self) -> int:
        return int(self.data["generation"])

    def headers(self) -> dict[str, str]:
        """Return the headers of CloudEvents' binary mode, with the `bucket` attribute that Eventarc adds.

        A header holds printable ASCII only, so attributes are percent-encoded:
        https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
        """
        attributes = {
            "specversion": "1.0",
            "id": self.id,
            "type": FINALIZED,
            "source": f"//storage.googleapis.com/projects/_/buckets/{self.bucket}",
            "subject": f"objects/{self.name}",
            "bucket": self.bucket,
            "time": self.time,
        }
        encoded = {f"ce-{name}": quote(value, safe=_NOT_ENCODED) for name, value in attributes.items()}
        return {"Content-Type": "application/json", **encoded}

    def body(self) -> bytes:
        return json.dumps(self.data).encode()


def storage_event(resource: Mapping[str, Any]) -> StorageEvent:
    """Return a new event for an object resource of the JSON API.

    Raises json_format.ParseError, and names the field, for data that Google's own type of the event does not have.
    """
    data = {name: resource[name] for name in _DATA_FIELDS if name in resource}
    StorageObjectData.from_json(json.dumps(data), ignore_unknown_fields=False)
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return StorageEvent(id=str(uuid4().int)[:17], time=now, data=data)
