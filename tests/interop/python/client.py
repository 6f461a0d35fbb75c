"""Runs the cases with grpcio. Arguments: host:port, file with a FileDescriptorSet. One line of JSON per case on standard output."""

import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

target, descriptors = sys.argv[1:3]
pool = descriptor_pool.DescriptorPool()
files = descriptor_pb2.FileDescriptorSet()
with open(descriptors, "rb") as file:
    files.ParseFromString(file.read())
for proto in files.file:
    pool.Add(proto)


def message(name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def echo(name):
    return message("bellwether.echo.v1." + name)


PATH = "/bellwether.echo.v1.EchoService/"
channel = grpc.insecure_channel(target, options=[("grpc.max_receive_message_length", 16 << 20)])


def codec(request, response):
    return {"request_serializer": echo(request).SerializeToString, "response_deserializer": echo(response).FromString}


unary = channel.unary_unary(PATH + "Echo", **codec("EchoRequest", "EchoResponse"))
count = channel.unary_stream(PATH + "Count", **codec("CountRequest", "CountResponse"))
chat = channel.stream_stream(PATH + "Chat", **codec("ChatRequest", "ChatResponse"))


def request(**fields):
    return json_format.ParseDict(fields, echo("EchoRequest")(), descriptor_pool=pool)


def report(case, result):
    print(json.dumps({"case": case, "result": result}), flush=True)


def failure(call):
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call did not fail")


def details(error):
    status = message("google.rpc.Status")()
    found = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    status.ParseFromString(found)
    for packed in status.details:
        body = message(packed.type_url.split("/")[-1])()
        packed.Unpack(body)
        yield packed.type_url.split(".")[-1], body


def code(error):
    return error.code().value[0]


asked = {"id": "interop", "features": {"a": 1.5, "ü": -2.25}, "text": "Lieferant é 😀", "payload": "AP8="}
answer = json_format.MessageToDict(unary(request(**asked)).request, preserving_proto_field_name=True)
report("unary", answer)

report("server_stream", [m.number for m in count(echo("CountRequest")(to=3))])

error = failure(lambda: unary(request(id="x", behavior={"fail_code": 9, "fail_text": "no détail 100%"})))
info = dict(details(error))["ErrorInfo"]
report(
    "error_details",
    {
        "code": code(error),
        "message": error.details(),
        "reason": info.reason,
        "domain": info.domain,
        "asked": info.metadata["asked"],
    },
)

error = failure(lambda: unary(request(id="")))
report("validation", {"code": code(error), "fields": [v.field for v in dict(details(error))["BadRequest"].field_violations]})

slow = request(id="x", behavior={"delay": "30s"})
report("deadline", {"code": code(failure(lambda: unary(slow, timeout=0.2)))})

stream = count(echo("CountRequest")(to=1000000))
next(stream)
stream.cancel()
report("cancel", {"code": code(failure(lambda: list(stream)))})

answer, call = unary.with_call(request(id="m", behavior={}), metadata=(("echo-request", "tag"),))
report(
    "metadata",
    {"header": dict(call.initial_metadata())["echo-header"], "trailer": dict(call.trailing_metadata())["echo-trailer"]},
)

answer = unary(request(id="zipped", text="z" * 100000), compression=grpc.Compression.Gzip)
report("gzip", {"id": answer.request.id, "size": len(answer.request.text)})

payload = bytes([7]) * (3 << 20)
big = echo("EchoRequest")(id="big", payload=payload)
answer = unary(big)
report("big", {"size": len(answer.request.payload), "sum": sum(answer.request.payload)})

report("bidi", [m.text for m in chat(iter([echo("ChatRequest")(text="a"), echo("ChatRequest")(text="b")]))])
