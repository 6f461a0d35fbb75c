"""What every call has: a deadline, retries, credentials and typed errors."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyqwest
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel

from .errors import RpcError, from_connect

Token = str | Callable[[], str]

_FIRST_PAUSE_S = 0.2
_MAX_PAUSE_S = 10.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TIMEOUT_HEADER = "connect-timeout-ms"


def check_url(url: str, *, has_token: bool, allow_cleartext: bool) -> str:
    """Returns the URL without a slash at its end.

    Raises:
        ValueError: It is not an http or https URL of a listener, or a token would be sent in clear text.
    """
    expected = "expected the URL of a web listener, for example http://localhost:8081"
    parts = urlsplit(url)
    # A text with an @ may have credentials, also when it is not a URL. No message repeats them, or a query.
    if "@" in parts.netloc or (not parts.netloc and "@" in url):
        raise ValueError("url: credentials do not belong into the URL; pass token=")
    if parts.query or parts.fragment:
        raise ValueError(f"url: a query or a fragment is not sent; {expected}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"url {url!r}: {expected}")
    if has_token and parts.scheme == "http" and parts.hostname not in _LOOPBACK and not allow_cleartext:
        raise ValueError(f"url {url!r}: a token would be sent in clear text; use https, or pass allow_cleartext=True")
    return url.rstrip("/")


def clean_token(token: object) -> str:
    """Returns a token without white space around it.

    Raises:
        ValueError: It cannot be sent. The message does not contain the token, and no HTTP library sees it.
    """
    text = token.strip() if isinstance(token, str) else ""
    if not text:
        raise ValueError("token: expected a token or an API key, got an empty one")
    if not all("!" <= character <= "~" for character in text):
        raise ValueError("token: expected visible ASCII characters; it has a line end, a space or another character")
    return text


def open_http(ca_cert: str | Path | None, in_flight: int) -> pyqwest.SyncClient:
    """Returns an HTTP client that trusts the system's certificates, or those of a PEM file instead."""
    return pyqwest.SyncClient(
        pyqwest.SyncHTTPTransport(
            tls_ca_cert=None if ca_cert is None else Path(ca_cert).read_bytes(),
            tls_include_system_certs=ca_cert is None,
            connect_timeout=10.0,
            pool_max_idle_per_host=in_flight,
            # Responses are not compressed: see Client.stub.
            enable_gzip=False,
            enable_brotli=False,
            enable_zstd=False,
            # A redirect would carry the token to another address.
            follow_redirects=False,
        )
    )


class CallPolicy:
    """Connect interceptor: adds credentials, repeats calls that may be repeated, and raises typed errors.

    A call is repeated when its RPC is idempotent and the error says that it may pass: UNAVAILABLE, or any code with
    a RetryInfo. The pause is the one that the service names, or 0.2 s that doubles with each attempt, with jitter. A
    call is not repeated when the pause would end after its deadline. A stream is not repeated: the caller knows what
    it has received.

    An error without a reason is not one of a service: another server may have answered, so the message names the URL.
    """

    def __init__(self, url: str, token: Token | None, attempts: int):
        self._url = url
        self._token = token
        self._attempts = attempts

    def intercept_unary_sync(self, call_next, request, ctx):
        may_repeat = ctx.method.idempotency_level is not IdempotencyLevel.UNKNOWN
        for attempt in range(1, self._attempts + 1):
            self._authorize(ctx)
            try:
                return call_next(request, ctx)
            except ConnectError as error:
                failure = from_connect(error, self._url)
                if not may_repeat or attempt == self._attempts or not _may_pass(failure):
                    raise failure from error
                pause_s = _pause_s(failure, attempt)
                left_ms = ctx.timeout_ms
                if left_ms is not None and pause_s * 1000 >= left_ms:
                    raise failure from error
            time.sleep(pause_s)
            if left_ms is not None:
                ctx.request_headers[_TIMEOUT_HEADER] = str(max(1, int(ctx.timeout_ms or 0)))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def intercept_server_stream_sync(self, call_next, request, ctx) -> Iterator:
        self._authorize(ctx)
        try:
            yield from call_next(request, ctx)
        except ConnectError as error:
            raise from_connect(error, self._url) from error

    def _authorize(self, ctx) -> None:
        if self._token is None:
            return
        token = self._token() if callable(self._token) else self._token
        ctx.request_headers["authorization"] = f"Bearer {clean_token(token)}"


def _may_pass(error: RpcError) -> bool:
    return error.code is Code.UNAVAILABLE or error.retry_after_s is not None


def _pause_s(error: RpcError, attempt: int) -> float:
    pause_s = min(_MAX_PAUSE_S, _FIRST_PAUSE_S * 2 ** (attempt - 1))
    return max(error.retry_after_s or 0.0, pause_s * random.uniform(0.5, 1.0))


def with_deadline(client_class: type, timeout_s: float) -> type:
    """Returns the generated client class with a default deadline for unary calls. Streams have none: a watch is open-ended."""

    class WithDeadline(client_class):
        def execute_unary(self, *, timeout_ms=None, **call):
            return super().execute_unary(timeout_ms=round(timeout_s * 1000) if timeout_ms is None else timeout_ms, **call)

    WithDeadline.__name__ = WithDeadline.__qualname__ = client_class.__name__
    return WithDeadline
