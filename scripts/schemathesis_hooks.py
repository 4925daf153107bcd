"""What schemathesis has to know of this contract: how to write NDJSON."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    if isinstance(value, bytes):
        return value
    records = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)
