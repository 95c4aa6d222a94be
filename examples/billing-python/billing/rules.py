"""The rules of contracts/conformance/README.md: pure functions on JSON values."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

Json = Any
Place = tuple[int, int]
"""Partition and offset of a record."""

MAX_SAFE_INTEGER: Final = 2**53 - 1
MAX_PLACES: Final = 100
"""The maximum number of marks, and of resolved places, per connection and partition."""
EVENT_TYPE: Final = "utility.crm.connection-mandate-changed.v1"
DAPR_TYPE: Final = "com.dapr.event.sent"
CONNECTION_ID: Final = re.compile(r"[0-9A-Z-]{1,64}")
SEQUENCE: Final = re.compile(r"[0-9]{1,16}")
TIME: Final = re.compile(
    r"(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29"
    r"|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|02-(?:0[1-9]|1\d|2[0-8])))"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
REPLAY_OF: Final = re.compile(r"(.*)/([0-9]{1,9})/([0-9]{1,15})")


class Unreadable(Exception):
    """The record can never be applied. The message is the reason."""


@dataclass(frozen=True)
class Record:
    """A delivered record. `timestamp` is in ms since 1970; `replay_of` is the header of that name."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes
    key: str | None = None
    replay_of: str | None = None


@dataclass(frozen=True)
class Change:
    """The content of a readable record. `revision` is 0 for a payload without one."""

    connection_id: str
    level: str
    revision: int


@dataclass(frozen=True)
class Answer:
    """`refusal` is the code of the reason; without it `level` and `revision` are the answer."""

    refusal: str | None = None
    dead_letters: Sequence[Place] = ()
    level: str = "0"
    revision: int = 0


def read(value: bytes) -> Change:
    """Reads a record (rule 1). Raises Unreadable with the reason."""
    event = _decode(value)
    if "specversion" not in event:
        return _read_payload(event)
    if event.get("type") == DAPR_TYPE:
        return _read_payload(_parse_if_text(event.get("data")))
    if event.get("type") == EVENT_TYPE:
        return _read_event(event)
    raise Unreadable(f"unknown event type {str(event.get('type'))[:100]}")


def find_connection(record: Record) -> str | None:
    """Finds the connection that an unreadable record concerns (rule 2)."""
    event = _or_none(lambda: _decode(record.value)) or {}
    data = _or_none(lambda: _parse_if_text(event.get("data")))
    in_data = data.get("connectionId") if isinstance(data, dict) else None
    candidates = (event.get("connectionId"), in_data, event.get("subject"))
    named = next((candidate for candidate in candidates if candidate is not None), None)
    return _connection_id(named) or _connection_id(record.key)


def place_of(record: Record) -> Place:
    """The place that orders a record: for a replay the one of its original (rule 4)."""
    if record.replay_of is None:
        return record.partition, record.offset
    match = REPLAY_OF.fullmatch(record.replay_of)
    if match is None:
        return record.partition, -1
    topic, partition, offset = match[1], int(match[2]), int(match[3])
    is_earlier = (topic, partition) == (record.topic, record.partition) and offset < record.offset
    return record.partition, offset if is_earlier else -1


def dead_letter_place_of(record: Record) -> Place:
    """The place with which a record is dead-lettered: its own, if its header is not valid."""
    partition, offset = place_of(record)
    return (partition, offset) if offset >= 0 else (record.partition, record.offset)


def apply(document: Json, change: Change, record: Record) -> Json:
    """Returns the stored document of the connection after a readable record (rule 3)."""
    held = document or {}
    partition, offset = place_of(record)
    kind = "event" if change.revision > 0 else "payload"
    latest = {
        "level": change.level,
        "revision": change.revision,
        "at": [partition, offset],
        "timestamp": record.timestamp,
    }
    before = held.get(kind)
    if before is None or _is_later(latest, before) or _is_earlier_copy(latest, before):
        held = {**held, kind: latest}
    is_replay = record.replay_of is not None and offset >= 0
    return resolve(held, (partition, offset)) if is_replay else held


def mark(document: Json, place: Place) -> Json:
    """Returns the stored document after an unreadable record about the connection (rule 2)."""
    held = document or {}
    marks = held.get("marks", [])
    if _includes(marks, place) or list(place) in held.get("resolved", []):
        return held
    kept, dropped = _insert(marks, place)
    if dropped:
        # The earliest mark that is kept represents the earlier ones as well: it cannot be resolved, only superseded.
        earliest = next(n for n, one in enumerate(kept) if one[0] == place[0])
        kept[earliest] = [*kept[earliest][:2], True]
    return {**held, "marks": kept}


def resolve(document: Json, place: Place) -> Json:
    """Returns the stored document after the replay of an unreadable record was read, or the record was discarded."""
    held = document or {}
    marks = [one for one in held.get("marks", []) if one != list(place)]
    resolved = held.get("resolved", [])
    if list(place) not in resolved:
        resolved, _ = _insert(resolved, place)
    return {**held, "marks": marks, "resolved": resolved}


def list_dead_letters(document: Json) -> list[Place]:
    """The places of the marks because of which the view refuses: those not before the shown record in its partition."""
    shown = _shown(document or {})
    marks = (document or {}).get("marks", [])
    open_marks = (one for one in marks if shown is None or one[0] != shown["at"][0] or one[1] >= shown["at"][1])
    return [(one[0], one[1]) for one in open_marks]


def advance(checkpoint: Json, record: Record) -> Json:
    """Returns the checkpoint of the record's partition after the record arrived (rule 5)."""
    held = _mark_missing_before(checkpoint, record.offset)
    missing = [
        part
        for first, last in held["missing"]
        for part in ([first, min(last, record.offset - 1)], [max(first, record.offset + 1), last])
        if part[0] <= part[1]
    ]
    if record.offset <= held["applied"]:
        return {**held, "missing": missing}
    return {
        **held,
        "applied": record.offset,
        "last": [record.offset, record.timestamp],
        "missing": missing,
    }


FindRecord = Callable[[int, int, int], tuple[int, int] | None]
"""Finds the first record in (partition, first offset, last offset): its offset and its time."""


def compare(
    checkpoints: Mapping[int, Json],
    ranges: Mapping[int, tuple[int, int]],
    committed: Mapping[int, int],
    find: FindRecord,
) -> dict[int, Json]:
    """
    Compares the checkpoints with the log (rule 5). `ranges` has per partition the first offset and
    the end. Returns the checkpoints that change; none for a view that has never applied a record.
    """
    if not checkpoints:
        return {}
    changed = {}
    for partition, (begin, end) in ranges.items():
        before = checkpoints.get(partition)
        after = _mark_missing_before(before, max(min(committed.get(partition, 0), end), begin))
        missing = []
        for first, last in after["missing"]:
            if first < begin:
                missing.append([first, min(last, begin - 1)])
            if last >= end:
                missing.append([max(first, end), last])
            start, stop = max(first, begin), min(last, end - 1)
            if start <= stop and (held := find(partition, start, stop)) is not None:
                missing.append([held[0], stop])
        after = {**after, "missing": sorted(missing)}
        if _is_replaced(after, begin, end, partial(_find_at, find, partition)):
            after["lost"] = True
        if after != (before or _INITIAL):
            changed[partition] = after
    return changed


def answer(checkpoints: Iterable[Json], document: Json) -> Answer:
    """The answer of the view about one connection."""
    if any(checkpoint["missing"] or checkpoint.get("lost") for checkpoint in checkpoints):
        return Answer(refusal="view-incomplete")
    held = document or {}
    shown = _shown(held)
    if shown is None:
        return Answer(refusal="mandate-unknown")
    if dead_letters := list_dead_letters(held):
        return Answer(refusal="record-dead-lettered", dead_letters=dead_letters)
    revision = max(held[kind]["revision"] for kind in ("event", "payload") if kind in held)
    return Answer(level=shown["level"], revision=revision)


_INITIAL: Final[Json] = {"applied": -1, "missing": []}


def _mark_missing_before(checkpoint: Json, end: int) -> Json:
    held = checkpoint or _INITIAL
    applied = held["applied"]
    if end <= applied + 1:
        return held
    return {**held, "applied": end - 1, "missing": [*held["missing"], [applied + 1, end - 1]]}


def _find_at(find: FindRecord, partition: int, offset: int) -> tuple[int, int] | None:
    return find(partition, offset, offset)


def _is_replaced(checkpoint: Json, begin: int, end: int, find: Callable[[int], tuple[int, int] | None]) -> bool:
    last = checkpoint.get("last")
    if last is None or last[0] < begin:
        return False
    if last[0] >= end:
        return True
    held = find(last[0])
    # A record without a time (-1) was delivered with the time of the delivery.
    return held is not None and held[1] >= 0 and held[1] != last[1]


def _is_later(one: Json, other: Json) -> bool:
    """Whether `one` replaces `other`, which is of the same kind."""
    if one["revision"] != other["revision"]:
        return bool(one["revision"] > other["revision"])
    if one["revision"] == 0 and one["at"][0] == other["at"][0] and one["at"][1] != other["at"][1]:
        return bool(one["at"][1] > other["at"][1])
    if one["revision"] == 0 and one["timestamp"] != other["timestamp"]:
        return bool(one["timestamp"] > other["timestamp"])
    return bool(one["level"] < other["level"])


def _is_earlier_copy(one: Json, other: Json) -> bool:
    is_same_event = (one["revision"], one["level"]) == (other["revision"], other["level"])
    return bool(one["revision"] > 0 and is_same_event and one["at"] < other["at"])


def _includes(marks: list[Json], place: Place) -> bool:
    """Whether the record at the place is one of the marks, or represented by one."""
    partition, offset = place
    return any(one[0] == partition and (one[1] == offset or (len(one) > 2 and one[1] > offset)) for one in marks)


def _insert(places: list[Json], place: Place) -> tuple[list[Json], bool]:
    """Inserts a place; says whether the earliest of its partition was dropped, because there are too many."""
    kept = sorted([*places, list(place)], key=lambda one: one[:2])
    of_partition = [one for one in kept if one[0] == place[0]]
    if len(of_partition) <= MAX_PLACES:
        return kept, False
    return [one for one in kept if one is not of_partition[0]], True


def _shown(document: Json) -> Json:
    event, payload = document.get("event"), document.get("payload")
    if event is None or payload is None:
        return event or payload
    is_payload_later = payload["at"][0] == event["at"][0] and payload["at"][1] > event["at"][1]
    return payload if is_payload_later else event


def _decode(value: bytes) -> dict[str, Json]:
    try:
        content = _parse_if_text(_parse(value.decode()))
    except UnicodeDecodeError as error:
        raise Unreadable("not JSON in UTF-8") from error
    if not isinstance(content, dict):
        raise Unreadable("not a JSON object")
    return content


def _or_none(parse: Callable[[], Json]) -> Json:
    try:
        return parse()
    except Unreadable:
        return None


def _parse_if_text(value: Json) -> Json:
    return _parse(value) if isinstance(value, str) else value


# A record has up to 16 KiB, so an unknown field may be 16,000 levels deep. Python refuses 1,000 by default.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 40_000))


def _parse(text: str) -> Json:
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_parse_int)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _parse_int(digits: str) -> Json:
    # Python refuses to convert very long numbers; the value of such a number is never used.
    return int(digits) if len(digits) <= 20 else float(digits)


def _read_event(event: dict[str, Json]) -> Change:
    data = event.get("data")
    if not isinstance(data, dict):
        raise Unreadable("data: not an object")
    sequence = event.get("sequence")
    is_valid = {
        "specversion": event["specversion"] == "1.0",
        "id": _is_text(event.get("id")),
        "source": _is_text(event.get("source")),
        "subject": event.get("subject") == data.get("connectionId"),
        "time": isinstance(event.get("time"), str) and TIME.fullmatch(event["time"]) is not None,
        "datacontenttype": event.get("datacontenttype", "application/json") == "application/json",
        "sequence": isinstance(sequence, str)
        and SEQUENCE.fullmatch(sequence) is not None
        and 1 <= int(sequence) < MAX_SAFE_INTEGER,
        "traceparent": isinstance(event.get("traceparent", ""), str),
    }
    _refuse_invalid(is_valid)
    return Change(*_read_data(data), revision=int(str(sequence)))


def _read_payload(payload: Json) -> Change:
    if not isinstance(payload, dict):
        raise Unreadable("not an object")
    accepted = {name: _digits(payload.get(name)) for name in ("connectionId", "connectionMandate")}
    return Change(*_read_data(accepted), revision=0)


def _read_data(data: dict[str, Json]) -> tuple[str, str]:
    connection_id, level = data.get("connectionId"), data.get("connectionMandate")
    is_known_level = isinstance(level, str) and level in ("0", "1", "2")
    _refuse_invalid(
        {
            "connectionId": isinstance(connection_id, str) and CONNECTION_ID.fullmatch(connection_id) is not None,
            "connectionMandate": is_known_level,
        }
    )
    return str(connection_id), str(level)


def _refuse_invalid(is_valid: dict[str, bool]) -> None:
    invalid = [name for name, valid in is_valid.items() if not valid]
    if invalid:
        raise Unreadable(f"invalid: {', '.join(invalid)}")


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and value != ""


def _digits(value: Json) -> Json:
    """A whole number as text, where JSON of another language may write 1 or 1.0; else the value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    is_whole = 0 <= value <= MAX_SAFE_INTEGER and value == int(value)
    return str(int(value)) if is_whole else value


def _connection_id(value: Json) -> str | None:
    text = _digits(value)
    return text if isinstance(text, str) and CONNECTION_ID.fullmatch(text) else None
