"""GET /billable/{connectionId}, and the deliveries of the sidecar."""

import base64
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import unquote_plus

from dapr.ext.fastapi import DaprApp
from fastapi import Body, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from billing import subscriber
from billing.kafka_log import KafkaLog
from billing.rules import CONNECTION_ID, Record
from billing.sidecar import PUBSUB, Sidecar

TOPIC = "connection-mandates-topic"
DELIVERIES = f"/events/{PUBSUB}/{TOPIC}"
HOSTS = os.environ.get("HOSTS", "localhost,127.0.0.1").split(",")
COMPARE_EVERY_S = 1.0
PARTITION, OFFSET = re.compile(r"[0-9]{1,9}", re.ASCII), re.compile(r"[0-9]{1,15}", re.ASCII)
REFUSALS = {
    "mandate-unknown": (404, "No mandate of this connection is known. It permits nothing."),
    "view-incomplete": (503, "Events are missing from this view: what it shows may be out of date."),
    "record-dead-lettered": (503, "Records about this connection could not be read. Publish its mandate again."),
    "dead-letter-unknown": (404, "The connection has no such dead letter. GET /billable/{connectionId} lists them."),
    "dead-letters-not-listed": (409, "Earlier records could not be read either, and are not listed: publish again."),
    "log-unavailable": (503, "This view was not yet compared with the log, so it may be out of date."),
    "store-unavailable": (503, "The state store does not answer."),
    "host-not-allowed": (421, "Host: one of the names in HOSTS."),
    "invalid-request": (400, "connectionId: 1 to 64 characters out of 0-9, A-Z and -."),
    "invalid-place": (400, "partition, offset: whole numbers of up to 9 and 15 digits."),
}

log = logging.getLogger("uvicorn.error")


class View:
    """The sidecar, and the partitions once the view was compared with the log since the start."""

    sidecar: Sidecar | None = None
    partitions: list[int] | None = None


view = View()


def follow_log() -> None:
    """Compares the view with the log every second, and reports a failure once per outage."""
    while view.sidecar is None:
        try:
            view.sidecar = Sidecar()
        except Exception as error:
            log.warning("The sidecar does not answer: %s", error)
    kafka = KafkaLog(
        os.environ.get("KAFKA_BROKERS", "localhost:9092"), os.environ.get("CONSUMER_GROUP", "billing-consumer"), TOPIC
    )
    is_failing = False
    while True:
        try:
            view.partitions = subscriber.compare(view.sidecar, kafka)
            is_failing = False
        except Exception as error:
            if not is_failing:
                log.warning("The view cannot be compared with the log, will retry: %s", error)
            is_failing = True
        time.sleep(COMPARE_EVERY_S)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    threading.Thread(target=follow_log, daemon=True).start()
    yield


def check_token(request: Request) -> None:
    """Only the sidecar may deliver: it sends APP_API_TOKEN, if that is set."""
    expected = os.environ.get("APP_API_TOKEN", "")
    sent = request.headers.get("dapr-api-token", "")
    if expected and not secrets.compare_digest(sent.encode(), expected.encode()):
        raise HTTPException(401)


app = FastAPI(title="Billing", lifespan=lifespan, docs_url=None, redoc_url=None)
app.router.redirect_slashes = False
dapr_app = DaprApp(app)


@app.middleware("http")
async def check_host(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """A page under another host name (DNS rebinding) can neither read nor discard."""
    host = re.sub(r":[0-9]*$", "", request.headers.get("host", "")).lower()
    return await answer(request) if host in HOSTS else refuse("host-not-allowed")


# rawPayload: the sidecar passes the bytes of the record on. It cannot parse every record of the topic.
@dapr_app.subscribe(pubsub=PUBSUB, topic=TOPIC, metadata={"rawPayload": "true"}, route=DELIVERIES)  # type: ignore[untyped-decorator]
def handle_delivery(
    request: Request, event: Annotated[Any, Body()], _: Annotated[None, Depends(check_token)]
) -> dict[str, str]:
    """Answers RETRY after any failure: the sidecar drops a record only if it is told to, or gets a 404."""
    try:
        if view.sidecar is None:
            return {"status": "RETRY"}
        subscriber.handle(view.sidecar, view.sidecar.publish_dead_letter, read_delivery(request, event))
    except Exception as error:
        log.warning("The record is delivered again: %s", error)
        return {"status": "RETRY"}
    return {"status": "SUCCESS"}


def read_delivery(request: Request, event: Any) -> Record:
    """The component escapes key and headers (escapeHeaders)."""
    headers = request.headers
    key, replay_of = headers.get("__key"), headers.get("replay-of")
    return Record(
        topic=TOPIC,
        partition=int(headers["__partition"]),
        offset=int(headers["__offset"]),
        timestamp=int(headers["__timestamp"]),
        value=base64.b64decode(event.get("data_base64") or ""),
        key=None if key is None else unquote_plus(key),
        replay_of=None if replay_of is None else unquote_plus(replay_of),
    )


@app.get("/billable/{connection_id}")
def get_billable(connection_id: str) -> Response:
    """Says whether the connection may be billed."""
    if not CONNECTION_ID.fullmatch(connection_id):
        return refuse("invalid-request")
    if view.sidecar is None or view.partitions is None:
        return refuse("log-unavailable")
    try:
        answer = subscriber.ask(view.sidecar, view.partitions, connection_id)
    except Exception as error:
        log.warning("The view cannot be read: %s", error)
        return refuse("store-unavailable")
    if answer.refusal == "record-dead-lettered":
        return refuse(answer.refusal, deadLetters=[f"{TOPIC}/{place[0]}/{place[1]}" for place in answer.dead_letters])
    if answer.refusal is not None:
        return refuse(answer.refusal)
    return JSONResponse({"connectionId": connection_id, "billable": answer.level in ("1", "2")})


@app.delete(f"/billable/{{connection_id}}/dead-letters/{TOPIC}/{{partition}}/{{offset}}")
def discard_dead_letter(connection_id: str, partition: str, offset: str) -> Response:
    """Answers from the view again, although the record could not be read."""
    if not CONNECTION_ID.fullmatch(connection_id):
        return refuse("invalid-request")
    if not (PARTITION.fullmatch(partition) and OFFSET.fullmatch(offset)):
        return refuse("invalid-place")
    if view.sidecar is None:
        return refuse("store-unavailable")
    try:
        refusal = subscriber.discard(view.sidecar, connection_id, (int(partition), int(offset)))
    except Exception as error:
        log.warning("The dead letter is not discarded: %s", error)
        return refuse("store-unavailable")
    return refuse(refusal) if refusal else Response(status_code=204)


def refuse(code: str, **facts: Any) -> Response:
    status, detail = REFUSALS[code]
    problem = {"type": f"urn:problem:{code}", "title": code, "status": status, "detail": detail, **facts}
    return JSONResponse(problem, status, media_type="application/problem+json")


@app.get("/healthz")
def get_health() -> dict[str, str]:
    return {"status": "alive"}


@app.get("/readyz")
def get_readiness() -> Response:
    checks = {"sidecar": "ok" if view.sidecar else "no answer", "view": "ok"}
    if view.sidecar is None or view.partitions is None:
        checks["view"] = REFUSALS["log-unavailable"][1]
    else:
        try:
            checkpoints = subscriber.read_checkpoints(view.sidecar, view.partitions)
            if any(checkpoint["missing"] or checkpoint.get("lost") for checkpoint in checkpoints):
                checks["view"] = REFUSALS["view-incomplete"][1]
        except Exception:
            checks["view"] = REFUSALS["store-unavailable"][1]
    is_ready = all(outcome == "ok" for outcome in checks.values())
    return JSONResponse({"status": "ready" if is_ready else "not ready", "checks": checks}, 200 if is_ready else 503)
