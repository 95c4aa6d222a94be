"""The state store and the dead-letter topic, through the Dapr sidecar."""

import base64
import json
import os
from datetime import UTC, datetime
from typing import Any

from dapr.clients import DaprClient
from dapr.clients.grpc._state import Concurrency, StateOptions

from billing.rules import Record, dead_letter_place_of

PUBSUB = "billing-pubsub"
STATESTORE = "billing-statestore"
DEAD_LETTERS = "connection-mandates-dead-letters"
FIRST_WRITE = StateOptions(concurrency=Concurrency.first_write)


class Sidecar:
    """Waits until the sidecar answers. DAPR_GRPC_PORT is its port, DAPR_API_TOKEN its token."""

    def __init__(self) -> None:
        self._client = DaprClient(f"127.0.0.1:{os.environ.get('DAPR_GRPC_PORT', '50001')}")

    def read(self, key: str) -> tuple[bytes, str]:
        found = self._client.get_state(STATESTORE, key)
        return found.data, found.etag

    def write(self, key: str, value: bytes, etag: str) -> None:
        self._client.save_state(STATESTORE, key, value, etag=etag or None, options=FIRST_WRITE)

    def publish_dead_letter(self, record: Record, reason: str) -> None:
        event = create_dead_letter(record, reason, datetime.now(UTC))
        self._client.publish_event(
            PUBSUB,
            DEAD_LETTERS,
            json.dumps(event),
            publish_metadata={"partitionKey": str(event["subject"])},
            data_content_type="application/cloudevents+json",
        )


def create_dead_letter(record: Record, reason: str, now: datetime) -> dict[str, Any]:
    """
    The event that the IoT platform publishes for such a record too. Its id is the place of the record, so both are one
    dead letter, which needs one replay. `source` says which subscriber refused the record.
    """
    partition, offset = dead_letter_place_of(record)
    place = f"{record.topic}/{partition}/{offset}"
    key = (record.key or "")[:255]
    try:
        content = {"value": record.value.decode()}
    except UnicodeDecodeError:
        content = {"valueBase64": base64.b64encode(record.value).decode()}
    data = {
        "reason": reason,
        "topic": record.topic,
        "partition": partition,
        "offset": offset,
        "timestamp": record.timestamp,
        "key": key,
        **content,
    }
    return {
        "specversion": "1.0",
        "id": place,
        "source": f"/subscribers/billing/{record.topic}",
        "type": "utility.platform.record-set-aside.v1",
        "subject": key,
        "time": now.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
