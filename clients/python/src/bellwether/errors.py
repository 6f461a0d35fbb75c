"""Errors of the client: of the frame, before anything is sent, and of the services, by their code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from google.rpc import error_details_pb2


class BellwetherError(Exception):
    """Every error of this package is one."""


@dataclass(frozen=True)
class Violation:
    """What is wrong with a frame.

    Attributes:
        column: Name of the column; None when the violation is about the whole frame.
        row: Position of the row from 0; None when the violation is about the whole column.
        message: The violation and the way out, in one sentence.
    """

    column: str | None
    row: int | None
    message: str


class FrameError(BellwetherError, ValueError):
    """The frame cannot be scored. Nothing was sent. `violations` has one entry per invalid column."""

    SHOWN = 10

    def __init__(self, violations: Sequence[Violation]):
        self.violations = tuple(violations)
        lines = [violation.message for violation in self.violations[: self.SHOWN]]
        if len(self.violations) > self.SHOWN:
            lines.append(f"and {len(self.violations) - self.SHOWN} more (see .violations)")
        super().__init__(lines[0] if len(lines) == 1 else "\n  ".join([f"{len(self.violations)} violations:", *lines]))


class ModelChangedError(BellwetherError):
    """Two batches of one frame were scored by different model versions. Nothing is returned; score it again."""


class NotExplainableError(BellwetherError):
    """Contributions cannot be computed for this model. The message has the reason; scores can be requested."""


class RpcError(BellwetherError):
    """A service rejected a call, or could not answer it.

    Attributes:
        code: Code of the call, for example Code.NOT_FOUND.
        reason: Stable reason (docs/error-codes.md), for example "VERSION_NOT_FOUND". Empty: the error is one of the
            protocol or of the network.
        message: What is wrong and what to do, for a person.
        fields: Path of each invalid field of the request, with its violation.
        retry_after_s: Time after which the call can be repeated, in seconds. None: the service named none.
        metadata: Further values of the error, by name.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        reason: str = "",
        fields: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ):
        super().__init__(f"{reason or code.name}: {message}")
        self.code = code
        self.message = message
        self.reason = reason
        self.fields = dict(fields or {})
        self.retry_after_s = retry_after_s
        self.metadata = dict(metadata or {})


class InvalidArgumentError(RpcError):
    """A field of the request is not valid; `fields` names it."""


class NotFoundError(RpcError):
    """The model, version, supplier, alert or run does not exist."""


class UnauthenticatedError(RpcError):
    """The token or the API key is missing, expired or not valid."""


class PermissionDeniedError(RpcError):
    """The caller lacks a role."""


class FailedPreconditionError(RpcError):
    """The system is not in the state that the call requires."""


class AbortedError(RpcError):
    """Somebody else changed the object: read it again and decide again."""


class ResourceExhaustedError(RpcError):
    """Too many calls or too large a message."""


class UnavailableError(RpcError):
    """The service, or one that it needs, does not answer."""


class DeadlineExceededError(RpcError):
    """The deadline of the call has passed."""


class DataLossError(RpcError):
    """A file of the model was changed after it was published."""


class InternalError(RpcError):
    """An error of the service itself."""


_CLASSES: Mapping[Code, type[RpcError]] = {
    Code.INVALID_ARGUMENT: InvalidArgumentError,
    Code.NOT_FOUND: NotFoundError,
    Code.UNAUTHENTICATED: UnauthenticatedError,
    Code.PERMISSION_DENIED: PermissionDeniedError,
    Code.FAILED_PRECONDITION: FailedPreconditionError,
    Code.ABORTED: AbortedError,
    Code.RESOURCE_EXHAUSTED: ResourceExhaustedError,
    Code.UNAVAILABLE: UnavailableError,
    Code.DEADLINE_EXCEEDED: DeadlineExceededError,
    Code.DATA_LOSS: DataLossError,
    Code.INTERNAL: InternalError,
}


# Without a reason, these say nothing about who answered: the client itself ends such calls.
_OWN_CODES = (Code.DEADLINE_EXCEEDED, Code.CANCELED)


def from_connect(error: ConnectError, url: str) -> RpcError:
    """Returns the typed error for an error of Connect, with the details that the services send."""
    info = _detail(error, error_details_pb2.ErrorInfo)
    bad = _detail(error, error_details_pb2.BadRequest)
    retry = _detail(error, error_details_pb2.RetryInfo)
    message = error.message
    if info is None and bad is None and error.code not in _OWN_CODES:
        message += f"; url is {url}: expected the web listener of a service of Bellwether, for example http://localhost:8081"
    return _CLASSES.get(error.code, RpcError)(
        error.code,
        message,
        reason=info.reason if info else "",
        fields={violation.field: violation.description for violation in bad.field_violations} if bad else None,
        retry_after_s=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
        metadata=info.metadata if info else None,
    )


def _detail(error: ConnectError, kind):
    """Returns the first detail of a kind; None when there is none or when it cannot be read."""
    name = kind.DESCRIPTOR.full_name
    for detail in error.details:
        if detail.type_name == name:
            try:
                return kind.FromString(detail.message_bytes)
            except Exception:  # a detail that is not valid is as good as none
                return None
    return None
