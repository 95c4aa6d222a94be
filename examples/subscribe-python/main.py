import json
import os
from base64 import b64decode
from contextlib import suppress

import uvicorn
from dapr.ext.fastapi import DaprApp
from fastapi import Body, FastAPI

app, mandates = FastAPI(), {}


@DaprApp(app).subscribe(
    pubsub="subscriber-pubsub", topic="connection-mandates-topic", route="/deliveries", metadata={"rawPayload": "true"}
)
def apply(delivery: dict = Body()) -> dict[str, str]:
    with suppress(ValueError, KeyError, TypeError):  # what cannot be read is dropped
        event = json.loads(b64decode(delivery["data_base64"]))
        if event["type"] == "utility.crm.connection-mandate-changed.v1":
            revision, level = int(event["sequence"]), event["data"]["connectionMandate"]
            held = mandates.get(event["subject"], (0, "0"))
            # The higher revision wins; of two levels of one revision the lower.
            if (revision, -int(level)) > (held[0], -int(held[1])):
                mandates[event["subject"]] = (revision, level)
    return {"status": "SUCCESS"}


@app.get("/healthz")
@app.get("/mandates/{connection_id}")
def show(connection_id: str = "") -> str:
    return mandates.get(connection_id, (0, "0"))[1]


uvicorn.run(app, host="127.0.0.1", port=int(os.environ["APP_PORT"]), log_level="warning")
