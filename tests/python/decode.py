"""Decodes Confluent-framed records with libraries that share nothing with the gateway: fastavro, protobuf, jsonschema.

Reads JSON lines {"registry": base address, "format": "avro" | "json-schema" | "protobuf", "value": base64} and writes
one JSON line for each, in order: {"schema_id", "type", "value"} or {"error"}. "type" is the record's or message's full
name, or null. Values: bytes as base64; decimals as text with all digits; dates and times as ISO 8601; NaN and the
infinities as text. Protobuf is written by the mapping of proto3 to JSON, with the names of the .proto file. A JSON value
is the event as it was sent, and "text" its text.
"""

import base64
import datetime
import decimal
import functools
import io
import json
import math
import sys
import urllib.parse
import uuid

import fastavro
import jsonschema
import referencing
from google.protobuf import json_format, message_factory

import registered


def main():
    for line in sys.stdin:
        try:
            decoded = decode(json.loads(line))
        except Exception as error:  # one bad record is told, and the next is read
            decoded = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(decoded, allow_nan=False), flush=True)


def decode(line):
    framed = base64.b64decode(line["value"], validate=True)
    if len(framed) < 5 or framed[0] != 0:
        raise ValueError(f"not Confluent's framing: {len(framed)} bytes that begin with {framed[:5].hex()}")
    schema_id = int.from_bytes(framed[1:5], "big")
    schema = registered.by_id(line["registry"], schema_id)
    kind, reader = READERS[line["format"]]
    if schema.kind != kind:
        raise ValueError(f"schema {schema_id} is of type {schema.kind}, expected {kind}")
    return {"schema_id": schema_id, **reader(schema, framed[5:])}


def read_avro(schema, body):
    parsed = avro_schema(schema)
    stream = io.BytesIO(body)
    value = fastavro.schemaless_reader(stream, parsed)["event"]
    if stream.tell() != len(body):
        raise ValueError(f"{len(body) - stream.tell()} bytes are left behind the Avro value")
    event = parsed["fields"][0]["type"]
    if isinstance(event, list):
        event = event[zigzag(io.BytesIO(body))]
    name = event["name"] if isinstance(event, dict) and "name" in event else None
    return {"type": event if isinstance(event, str) and "." in event else name, "value": plain(value)}


@functools.cache
def avro_schema(schema):
    """The schema inside a record of one field, which is written as the field alone: so a union may be at its root."""
    names = {}
    for used in schema.closure().values():
        fastavro.parse_schema(json.loads(used.text), named_schemas=names)
    event = {"name": "event", "type": json.loads(schema.text)}
    return fastavro.parse_schema({"type": "record", "name": "Framed", "fields": [event]}, named_schemas=names)


def plain(value):
    """What fastavro gives as what JSON can say, nothing rounded."""
    match value:
        case dict():
            return {name: plain(member) for name, member in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case bytes():
            return base64.b64encode(value).decode()
        case decimal.Decimal():
            return format(value, "f")
        case uuid.UUID():
            return str(value)
        case datetime.date() | datetime.time():
            return value.isoformat()
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case _:
            return value


def read_protobuf(schema, body):
    stream = io.BytesIO(body)
    # The first message of a file, the usual one, is written as a count of none.
    indexes = [zigzag(stream) for _ in range(zigzag(stream))] or [0]
    pool, file = registered.protobuf_files(schema)
    path, level = [file.package] if file.package else [], file.message_type
    for index in indexes:
        message = level[index]
        path.append(message.name)
        level = message.nested_type
    name = ".".join(path)
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName(name)).FromString(stream.read())
    value = json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=pool)
    return {"type": name, "value": value}


def zigzag(stream):
    """A whole number as Avro and Confluent's message indexes write it: zigzag, seven bits a byte."""
    number = shift = 0
    while True:
        byte = stream.read(1)
        if not byte or shift > 63:
            raise ValueError("no whole number where one was expected")
        number |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            return (number >> 1) ^ -(number & 1)


def read_json(schema, body):
    text = body.decode("utf-8")
    value = json.loads(text)
    errors = sorted(json_validator(schema).iter_errors(value), key=lambda error: error.json_path)
    if errors:
        raise ValueError("; ".join(f"{error.json_path}: {error.message}" for error in errors))
    return {"type": None, "value": value, "text": text}


@functools.cache
def json_validator(schema):
    document = json.loads(schema.text)
    base = document.get("$id", "") if isinstance(document, dict) else ""
    # A registry of its own, which fetches nothing: jsonschema's default would follow references into the network.
    documents = referencing.Registry()
    for name, used in schema.closure().items():
        resource = referencing.Resource.from_contents(json.loads(used.text), referencing.jsonschema.DRAFT202012)
        documents = documents.with_resources([(name, resource), (urllib.parse.urljoin(base, name), resource)])
    draft = jsonschema.validators.validator_for(document, default=jsonschema.Draft202012Validator)
    draft.check_schema(document)
    return draft(document, registry=documents, format_checker=draft.FORMAT_CHECKER)


READERS = {"avro": ("AVRO", read_avro), "json-schema": ("JSON", read_json), "protobuf": ("PROTOBUF", read_protobuf)}

if __name__ == "__main__":
    main()
