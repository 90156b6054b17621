"""Confluent's own serializers and deserializers: how most of a topic's other readers and writers will see it.

Reads JSON lines and writes one JSON line for each, in order, or {"error"}:
{"do": "write", "registry", "format", "topic", "value", "type"} becomes {"value": base64}, by the latest version of the
subject `<topic>-value`; {"do": "read", "registry", "format", "topic", "value": base64, "type"} becomes {"value"}.
"type" is a Protobuf message's full name. In a value to write {"$decimal": "12.50"} is that number and {"$bytes": base64}
those bytes; a value that was read is written as decode.py writes it. Nothing is registered.
"""

import base64
import decimal
import json
import sys

import attrs
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry import avro, json_schema, protobuf
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import json_format, message_factory

import decode
import registered

# The producer's settings that leave registration to the schema's owners.
LATEST = {"auto.register.schemas": False, "use.latest.version": True}

# Without it the client would wait for ever; with it, it asks again.
TIMEOUT_SECONDS = 20


def main():
    for line in sys.stdin:
        try:
            order = json.loads(line, object_hook=untagged)
            answer = {"write": write, "read": read}[order["do"]](order)
        except Exception as error:  # one bad order is told, and the next is read
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, allow_nan=False), flush=True)


class Client(SchemaRegistryClient):
    """Answers "format=serialized" by itself, as Confluent's registry would: the description of a .proto file in base64.

    Apicurio 3.3.3 answers it with the bytes of the description as if they were text, which no client can read.
    """

    def get_schema(self, schema_id, subject_name=None, fmt=None, reference_format=None):
        schema = super().get_schema(schema_id, subject_name, None, reference_format)
        return self.serialized(schema) if fmt == "serialized" else schema

    def get_version(self, subject_name, version="latest", deleted=False, fmt=None):
        told = super().get_version(subject_name, version, deleted)
        return attrs.evolve(told, schema=self.serialized(told.schema)) if fmt == "serialized" else told

    def get_latest_version(self, subject_name, fmt=None):
        told = super().get_latest_version(subject_name)
        return attrs.evolve(told, schema=self.serialized(told.schema)) if fmt == "serialized" else told

    def serialized(self, schema):
        registry = self._rest_client.base_urls[0]
        references = tuple(
            (used.name, registered.by_version(registry, used.subject, used.version)) for used in schema.references or []
        )
        _, file = registered.protobuf_files(registered.Schema(schema.schema_type, schema.schema_str, references))
        return attrs.evolve(schema, schema_str=base64.b64encode(file.SerializeToString()).decode())


def write(order):
    client, context = surroundings(order)
    value = order["value"]
    if order["format"] == "avro":
        serializer = avro.AvroSerializer(client, conf=LATEST)
    elif order["format"] == "json-schema":
        serializer = json_schema.JSONSerializer(None, client, conf=LATEST)
    else:
        message = message_class(order)
        value = json_format.ParseDict(value, message())
        serializer = protobuf.ProtobufSerializer(message, client, conf=LATEST)
    return {"value": base64.b64encode(serializer(value, context)).decode()}


def read(order):
    client, context = surroundings(order)
    framed = base64.b64decode(order["value"], validate=True)
    if order["format"] == "avro":
        return {"value": decode.plain(avro.AvroDeserializer(client)(framed, context))}
    if order["format"] == "json-schema":
        return {"value": json_schema.JSONDeserializer(None, schema_registry_client=client)(framed, context)}
    message = protobuf.ProtobufDeserializer(message_class(order), schema_registry_client=client)(framed, context)
    return {"value": json_format.MessageToDict(message, preserving_proto_field_name=True)}


def surroundings(order):
    return Client({"url": order["registry"], "timeout": TIMEOUT_SECONDS}), SerializationContext(order["topic"], MessageField.VALUE)


def message_class(order):
    pool, _ = registered.protobuf_files(registered.by_version(order["registry"], f"{order['topic']}-value", "latest"))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(order["type"]))


def untagged(member):
    match member:
        case {"$decimal": digits}:
            return decimal.Decimal(digits)
        case {"$bytes": text}:
            return base64.b64decode(text, validate=True)
        case _:
            return member


if __name__ == "__main__":
    main()
