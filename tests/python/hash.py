"""Hashes texts with a key, as the gateway hashes personal values: HMAC-SHA-256 of their UTF-8.

Reads JSON lines {"key": base64, "text"} and writes one JSON line for each, in order: {"value": hexadecimal digits}.
"""

import base64
import hashlib
import hmac
import json
import sys

for line in sys.stdin:
    order = json.loads(line)
    key = base64.b64decode(order["key"], validate=True)
    print(json.dumps({"value": hmac.new(key, order["text"].encode(), hashlib.sha256).hexdigest()}), flush=True)
