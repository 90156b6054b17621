"""Schemas of a Confluent-compatible registry, each with all that it refers to. Knows no format but Protobuf's compiler."""

import functools
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool

# Whatever proxy the environment names, the registry is on this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PATIENCE_SECONDS = 30
# A file of this name is the schema itself; its references carry their own names.
MAIN = "schema-under-test.proto"


@dataclass(frozen=True)
class Schema:
    """A schema's text, its kind (AVRO, JSON, PROTOBUF) and what it refers to: pairs of the name in the text and a schema."""

    kind: str
    text: str
    references: tuple[tuple[str, "Schema"], ...]

    def closure(self):
        """Every reference with its name, those that others need first, each name once."""
        found = {}
        for name, schema in self.references:
            found.update(schema.closure())
            found.setdefault(name, schema)
        return found


@functools.cache
def by_id(registry, schema_id):
    return read(registry, f"/schemas/ids/{schema_id}")


@functools.cache
def by_version(registry, subject, version):
    return read(registry, f"/subjects/{urllib.parse.quote(subject, safe='')}/versions/{version}")


def read(registry, path):
    try:
        with OPENER.open(registry + path, timeout=PATIENCE_SECONDS) as answer:
            told = json.load(answer)
    except urllib.error.HTTPError as error:
        raise LookupError(f"GET {path}: {error.code} {error.read().decode(errors='replace')}") from error
    references = (
        (reference["name"], by_version(registry, reference["subject"], reference["version"]))
        for reference in told.get("references") or []
    )
    return Schema(told.get("schemaType") or "AVRO", told["schema"], tuple(references))


@functools.cache
def protobuf_files(schema):
    """The pool of all descriptors that a Protobuf schema needs, and the description of its own file."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in [(MAIN, schema.text)] + [(name, used.text) for name, used in schema.closure().items()]:
            file = pathlib.Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
        compiler = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"-I{well_known}", "--include_imports"]
        done = subprocess.run([*compiler, "--descriptor_set_out=/dev/stdout", MAIN], capture_output=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"protoc: {done.stderr.decode(errors='replace')}")
    files = descriptor_pb2.FileDescriptorSet.FromString(done.stdout).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.AddSerializedFile(file.SerializeToString())
    return pool, files[-1]
