"""A service of the test's own behind the real protocol: connectrpc's server, with handlers that the test chooses."""

import io
import socketserver
import threading
from contextlib import contextmanager
from http import HTTPStatus
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from bellwether.inference.v1.inference_service_connect import InferenceServiceSync, InferenceServiceWSGIApplication
from bellwether.registry.v1.model_registry_service_connect import (
    ModelRegistryServiceSync,
    ModelRegistryServiceWSGIApplication,
)
from bellwether.registry.v1.model_registry_service_pb2 import FeatureKind, GetVersionResponse, ModelFeature, ModelVersion
from connectrpc.errors import ConnectError, ErrorDetail
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from protobuf.wkt import Any

FEATURE = ModelFeature(name="late_ratio", kind=FeatureKind.FEATURE_KIND_NUMERIC)


def error(code, message, *, reason="", fields=None, retry_s=None):
    details = []
    if reason:
        details.append(ErrorInfo(domain="bellwether", reason=reason, metadata={"asked": "yes"}))
    if fields:
        violations = [BadRequest.FieldViolation(field=name, description=text) for name, text in fields.items()]
        details.append(BadRequest(field_violations=violations))
    if retry_s is not None:
        pause = Duration()
        pause.FromNanoseconds(round(retry_s * 1e9))
        details.append(RetryInfo(retry_delay=pause))
    packed = [
        ErrorDetail(Any(type_url=f"type.googleapis.com/{detail.DESCRIPTOR.full_name}", value=detail.SerializeToString()))
        for detail in details
    ]
    return ConnectError(code, message, packed)


class Registry(ModelRegistryServiceSync):
    """Answers GetVersion with one numeric feature."""

    def __init__(self, version="v1"):
        self.version = version

    def get_version(self, request, ctx):
        version = request.version or self.version
        return GetVersionResponse(version=ModelVersion(model_name="m", version=version), features=[FEATURE])


class Inference(InferenceServiceSync):
    """Answers PredictBatch with the test's function; records requests and headers."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.headers = []

    def predict_batch(self, request, ctx):
        self.requests.append(request)
        self.headers.append(dict(ctx.request_headers.allitems()))
        return self.answer(request)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


class _Threaded(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


def serve(inference, registry=None):
    """Returns a context with the URL of a server with the two services."""
    apps = [InferenceServiceWSGIApplication(inference), ModelRegistryServiceWSGIApplication(registry or Registry())]

    def route(environ, start_response):
        # wsgiref's input does not end with the body.
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        app = next(app for app in apps if environ["PATH_INFO"].startswith(app.path))
        return app(environ, start_response)

    return _running(route)


def serve_answer(status, kind, body):
    """Returns a context with the URL of a server that is no service: it answers everything with the same bytes."""

    def route(environ, start_response):
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(f"{status} {HTTPStatus(status).phrase}", [("content-type", kind), ("content-length", str(len(body)))])
        return [body]

    return _running(route)


@contextmanager
def _running(route):
    server = _Threaded(("127.0.0.1", 0), _Quiet)
    server.set_app(route)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
