"""Runs every file of contracts/conformance/ with the subscriber, on a store in memory."""

import json
import random
from base64 import b64decode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from billing.rules import Place, Record, dead_letter_place_of
from billing.subscriber import ask, compare, handle, read_checkpoints

FOLDER = Path(__file__).parents[3] / "contracts" / "conformance"
NOON = 1795694400000


class ConflictError(Exception):
    pass


class MemoryStore:
    def __init__(self) -> None:
        self.values: dict[str, tuple[bytes, str]] = {}

    def read(self, key: str) -> tuple[bytes, str]:
        return self.values.get(key, (b"", ""))

    def write(self, key: str, value: bytes, etag: str) -> None:
        if self.read(key)[1] != etag:
            raise ConflictError(key)
        self.values[key] = (value, str(int(etag or "0") + 1))


class VectorLog:
    def __init__(self, partitions: list[dict[str, Any]], committed: dict[str, int]) -> None:
        self.partitions = partitions
        self.committed_offsets = {int(partition): offset for partition, offset in committed.items()}

    def committed(self) -> Mapping[int, int]:
        return self.committed_offsets

    def ranges(self) -> Mapping[int, tuple[int, int]]:
        return {partition: self.range_of(held) for partition, held in enumerate(self.partitions)}

    def range_of(self, held: dict[str, Any]) -> tuple[int, int]:
        begin = held.get("begin", 0)
        return begin, held.get("end", max([begin - 1, *(one["offset"] for one in held["records"])]) + 1)

    def find(self, partition: int, first: int, last: int) -> tuple[int, int] | None:
        records = self.partitions[partition]["records"]
        return min((place_in_time(one) for one in records if first <= one["offset"] <= last), default=None)


def place_in_time(record: dict[str, Any]) -> tuple[int, int]:
    return record["offset"], record.get("timestamp", NOON + record["offset"])


def read_cases() -> Iterator[Any]:
    files = sorted(file for file in FOLDER.glob("*.json") if file.name != "vectors.schema.json")
    assert files, f"{FOLDER} has no vectors"
    for file in files:
        vectors = json.loads(file.read_text("utf-8"))
        for case in vectors["cases"]:
            yield pytest.param(vectors["values"], case, id=f"{file.stem}: {case['name']}")


def encode(values: dict[str, Any], record: dict[str, Any]) -> bytes:
    if "value" in record:
        return json.dumps(values[record["value"]]).encode()
    if "base64" in record:
        return b64decode(record["base64"])
    return str(record.get("text", "")).encode()


def create_record(values: dict[str, Any], log: list[dict[str, Any]], place: Place) -> Record:
    partition, offset = place
    record = next(one for one in log[partition]["records"] if one["offset"] == offset)
    return Record(
        topic="connection-mandates-topic",
        partition=partition,
        offset=offset,
        timestamp=place_in_time(record)[1],
        value=encode(values, record),
        key=record.get("key"),
        replay_of=record.get("headers", {}).get("replay-of"),
    )


def show(store: MemoryStore, partitions: list[int], connection_id: str) -> dict[str, Any]:
    answer = ask(store, partitions, connection_id)
    if answer.refusal is not None:
        return {"refusal": answer.refusal}
    return {"connectionMandate": answer.level, "revision": answer.revision}


def run(values: dict[str, Any], case: dict[str, Any], places: list[Place]) -> dict[str, Any]:
    store, dead_letters = MemoryStore(), set[Place]()
    for place in places:
        record = create_record(values, case["log"], place)
        handle(store, lambda unreadable, _: dead_letters.add(dead_letter_place_of(unreadable)), record)
    for log in (case["log"], case.get("later", case["log"])):
        partitions = compare(store, VectorLog(log, case.get("committed", {})))
    checkpoints = read_checkpoints(store, partitions)
    is_incomplete = any(checkpoint["missing"] or checkpoint.get("lost") for checkpoint in checkpoints)
    return {
        "view": "empty" if not checkpoints else "incomplete" if is_incomplete else "complete",
        "connections": {one: show(store, partitions, one) for one in case["expect"]["connections"]},
        "deadLetters": sorted(dead_letters),
    }


def list_orders(case: dict[str, Any]) -> Iterator[list[Place]]:
    places = [place for batch in case["deliveries"] for place in batch]
    yield places
    if case.get("anyOrder"):
        yield places[::-1]
        yield places + places
        source = random.Random(7)
        for _ in range(10):
            repeated = places + [place for place in places if source.random() < 0.5]
            yield source.sample(repeated, len(repeated))


@pytest.mark.parametrize(("values", "case"), list(read_cases()))
def test_vector(values: dict[str, Any], case: dict[str, Any]) -> None:
    expected = {**case["expect"], "deadLetters": [tuple(place) for place in case["expect"]["deadLetters"]]}
    for places in list_orders(case):
        assert run(values, case, places) == expected, places
