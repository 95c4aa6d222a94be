"""Dead letters that are discarded, and more of them than a connection keeps."""

import json
from typing import Any

import pytest
from fastapi import Response
from test_vectors import MemoryStore

from billing import app, rules, subscriber
from billing.rules import MAX_PLACES, Change, Place, Record
from billing.subscriber import ask, discard, handle

TOPIC = "connection-mandates-topic"


def create_record(offset: int, level: str, replay_of: int | None = None) -> Record:
    value = json.dumps({"connectionId": "7733", "connectionMandate": level}).encode()
    place = None if replay_of is None else f"{TOPIC}/0/{replay_of}"
    return Record(TOPIC, 0, offset, 0, value, "7733", place)


def deliver(store: MemoryStore, *records: Record) -> None:
    for record in records:
        handle(store, lambda *_: None, record)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    deliver(store, create_record(0, "1"), create_record(1, "7"))
    return store


def test_answers_after_the_record_was_discarded_and_is_delivered_again(store: MemoryStore) -> None:
    assert ask(store, [0], "7733").dead_letters == [(0, 1)]
    assert discard(store, "7733", (0, 1)) is None
    deliver(store, create_record(1, "7"))
    assert ask(store, [0], "7733") == rules.Answer(level="1")


def test_refuses_for_a_later_record(store: MemoryStore) -> None:
    discard(store, "7733", (0, 1))
    deliver(store, create_record(2, "7"))
    assert ask(store, [0], "7733").dead_letters == [(0, 2)]


@pytest.mark.parametrize(("connection", "place"), [("7733", (0, 0)), ("7733", (1, 1)), ("1721", (0, 1))])
def test_discards_only_what_is_marked(store: MemoryStore, connection: str, place: Place) -> None:
    assert discard(store, connection, place) == "dead-letter-unknown"


def test_refuses_after_too_many_dead_letters_until_a_later_record_is_read(store: MemoryStore) -> None:
    count = MAX_PLACES + 5
    deliver(store, *(create_record(offset, "7") for offset in range(1, count + 1)))
    kept = ask(store, [0], "7733").dead_letters
    assert len(kept) == MAX_PLACES
    refusals = [discard(store, "7733", place) for place in kept]
    assert refusals == ["dead-letters-not-listed", *[None] * (MAX_PLACES - 1)]
    assert ask(store, [0], "7733").refusal == "record-dead-lettered"
    deliver(store, create_record(count + 1, "2"))
    assert ask(store, [0], "7733").level == "2"


def test_reads_a_document_of_an_earlier_version() -> None:
    event = {"level": "1", "revision": 9, "at": [0, 0], "timestamp": 0}
    document = rules.apply({"event": event, "marks": [[0, 1]]}, Change("7733", "1", 9), create_record(0, "1"))
    assert rules.list_dead_letters(document) == [(0, 1)]


class TestRoutes:
    @pytest.fixture(autouse=True)
    def _open_view(self, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(app.view, "sidecar", store)
        monkeypatch.setattr(app.view, "partitions", [0])

    def test_name_the_dead_letter_and_discard_it(self) -> None:
        refused = app.get_billable("7733")
        assert (refused.status_code, read(refused)["deadLetters"]) == (503, [f"{TOPIC}/0/1"])
        assert app.discard_dead_letter("7733", "0", "1").status_code == 204
        assert read(app.get_billable("7733")) == {"connectionId": "7733", "billable": True}

    @pytest.mark.parametrize(
        ("arguments", "status", "word"),
        [
            (("7733", "0", "2"), 404, "no such dead letter"),
            (("lower", "0", "1"), 400, "connectionId"),
            (("7733", "x", "1"), 400, "partition"),
            (("7733", "0", "-1"), 400, "offset"),
        ],
    )
    def test_refuse_a_wrong_request(self, arguments: tuple[str, str, str], status: int, word: str) -> None:
        refused = app.discard_dead_letter(*arguments)
        assert (refused.status_code, refused.media_type) == (status, "application/problem+json")
        assert word in read(refused)["detail"]

    def test_refuse_while_the_store_does_not_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: Any) -> None:
            raise ConnectionError

        monkeypatch.setattr(subscriber, "discard", fail)
        assert app.discard_dead_letter("7733", "0", "1").status_code == 503


def read(response: Response) -> Any:
    return json.loads(bytes(response.body))
