"""Publishes a version and makes it the champion, with nothing but the standard library of Python: the Connect protocol over HTTP/1.1.

Usage: publish_model.py URL FOLDER, with the token in TOKEN. Prints the answers as one line of JSON.
"""

import base64
import hashlib
import http.client
import json
import os
import pathlib
import struct
import sys
import urllib.parse

SERVICE = "/bellwether.registry.v1.ModelPublishingService/"
FILES = ["model.onnx", "feature_bundle.json", "MODEL_CARD.md"]
CHUNK_BYTES = 256 * 1024


def post(url, rpc, content_type, body):
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=120)
    headers = {"content-type": content_type, "authorization": f"Bearer {os.environ['TOKEN']}", "connect-protocol-version": "1"}
    connection.request("POST", SERVICE + rpc, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def envelope(message):
    data = json.dumps(message).encode()
    return struct.pack(">BI", 0, len(data)) + data


def upload(contents):
    announced = [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "sizeBytes": str(len(content))}
        for name, content in contents
    ]
    yield envelope({"header": {"files": announced, "provenance": {"builder": "publish_model.py", "reason": "from Python"}}})
    for _, content in contents:
        for start in range(0, len(content), CHUNK_BYTES):
            part = base64.b64encode(content[start : start + CHUNK_BYTES]).decode()
            yield envelope({"chunk": {"content": part}})


def messages(body):
    at = 0
    while at < len(body):
        flags, size = struct.unpack_from(">BI", body, at)
        yield flags, json.loads(body[at + 5 : at + 5 + size])
        at += 5 + size


url, folder = sys.argv[1:]
contents = [(name, pathlib.Path(folder, name).read_bytes()) for name in FILES]
_, body = post(url, "PublishModel", "application/connect+json", upload(contents))
answers = list(messages(body))
published = next((message for flags, message in answers if flags == 0), None)
if published is None:
    sys.exit(f"not published: {answers}")
move = {"alias": "champion", "version": published["version"], "reason": "from Python"}
status, moved = post(url, "SetAlias", "application/json", json.dumps(move))
if status != 200:
    sys.exit(f"alias not moved: {status} {moved.decode()}")
print(json.dumps({"published": published, "moved": json.loads(moved)}))
