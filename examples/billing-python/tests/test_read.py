"""What the JSON parser of Python must not decide otherwise than those of other languages."""

import pytest

from billing.rules import Change, read

DEEP = "[" * 8_000 + "]" * 8_000
LONG = "9" * 5_000


@pytest.mark.parametrize("unknown", [DEEP, LONG], ids=["a deeply nested field", "a number of 5,000 digits"])
def test_ignores_an_unknown_field(unknown: str) -> None:
    payload = f'{{"connectionId":"7733","connectionMandate":"0","x":{unknown}}}'
    assert read(payload.encode()) == Change("7733", "0", 0)
