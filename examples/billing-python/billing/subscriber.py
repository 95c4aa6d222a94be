"""Keeps the view in a store. A value is written before the checkpoint that covers it, so a kill loses nothing."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from billing import rules
from billing.rules import Answer, Place, Record


class Store(Protocol):
    def read(self, key: str) -> tuple[bytes, str]:
        """Returns the value and its ETag; both are empty if there is no value."""

    def write(self, key: str, value: bytes, etag: str) -> None:
        """Raises an error unless the stored value is still the one with this ETag and is now replaced."""


class Log(Protocol):
    """The topic in Kafka. All methods raise an error if Kafka does not answer."""

    def committed(self) -> Mapping[int, int]:
        """The next offset of the consumer group, by partition."""

    def ranges(self) -> Mapping[int, tuple[int, int]]:
        """The first offset and the end, by partition."""

    def find(self, partition: int, first: int, last: int) -> tuple[int, int] | None:
        """The offset and the time (ms since 1970) of the first record in a range of offsets."""


def handle(store: Store, publish_dead_letter: Callable[[Record, str], None], record: Record) -> None:
    """Applies a record or sets it aside. It is acknowledged afterwards; after an error it must be delivered again."""
    try:
        change = rules.read(record.value)
    except rules.Unreadable as unreadable:
        connection_id = rules.find_connection(record)
        if connection_id is not None:
            place = rules.dead_letter_place_of(record)
            _update(store, _mandate_key(connection_id), lambda document: rules.mark(document, place))
        publish_dead_letter(record, str(unreadable))
    else:
        _update(store, _mandate_key(change.connection_id), lambda document: rules.apply(document, change, record))
    _update(store, _checkpoint_key(record.partition), lambda checkpoint: rules.advance(checkpoint, record))


def compare(store: Store, log: Log) -> list[int]:
    """Stores in the checkpoints what they lack of the log. Returns the partitions."""
    # In this order a view that follows the log seems neither behind its committed offsets nor ahead of the log.
    committed = log.committed()
    partitions = list(log.ranges())
    read = {partition: _read(store, _checkpoint_key(partition)) for partition in partitions}
    held = {partition: document for partition, (document, _) in read.items() if document is not None}
    for partition, checkpoint in rules.compare(held, log.ranges(), committed, log.find).items():
        etag = read[partition][1] if partition in read else ""
        store.write(_checkpoint_key(partition), _encode(checkpoint), etag)
    return partitions


def ask(store: Store, partitions: list[int], connection_id: str) -> Answer:
    document, _ = _read(store, _mandate_key(connection_id))
    return rules.answer(read_checkpoints(store, partitions), document)


def discard(store: Store, connection_id: str, place: Place) -> str | None:
    """Discards a dead letter, also for later deliveries of its record. Returns the code of a refusal."""
    key = _mandate_key(connection_id)
    if place not in rules.list_dead_letters(_read(store, key)[0]):
        return "dead-letter-unknown"
    _update(store, key, lambda document: rules.resolve(document, place))
    return "dead-letters-not-listed" if place in rules.list_dead_letters(_read(store, key)[0]) else None


def read_checkpoints(store: Store, partitions: list[int]) -> list[Any]:
    """The checkpoints of the partitions that have one."""
    stored = (_read(store, _checkpoint_key(partition))[0] for partition in partitions)
    return [checkpoint for checkpoint in stored if checkpoint is not None]


def _mandate_key(connection_id: str) -> str:
    return f"mandate:{connection_id}"


def _checkpoint_key(partition: int) -> str:
    return f"checkpoint:{partition}"


def _update(store: Store, key: str, change: Callable[[Any], Any]) -> None:
    before, etag = _read(store, key)
    after = change(before)
    if after != before:
        store.write(key, _encode(after), etag)


def _read(store: Store, key: str) -> tuple[Any, str]:
    value, etag = store.read(key)
    return (json.loads(value) if value else None), etag


def _encode(document: Any) -> bytes:
    return json.dumps(document).encode()
