"""Client of Bellwether for pandas and polars. Start with `Client`.

The generated messages and clients of every service are in the subpackages, for example
`bellwether.ops.v1.alert_service_pb2` and `bellwether.ops.v1.alert_service_connect`.
"""

from .client import Client
from .errors import (
    AbortedError,
    BellwetherError,
    DataLossError,
    DeadlineExceededError,
    FailedPreconditionError,
    FrameError,
    InternalError,
    InvalidArgumentError,
    ModelChangedError,
    NotExplainableError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    RpcError,
    UnauthenticatedError,
    UnavailableError,
    Violation,
)
from .results import BatchWarning, Explanation, Scores, ScoreWarning

__all__ = [
    "AbortedError",
    "BatchWarning",
    "BellwetherError",
    "Client",
    "DataLossError",
    "DeadlineExceededError",
    "Explanation",
    "FailedPreconditionError",
    "FrameError",
    "InternalError",
    "InvalidArgumentError",
    "ModelChangedError",
    "NotExplainableError",
    "NotFoundError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "RpcError",
    "ScoreWarning",
    "Scores",
    "UnauthenticatedError",
    "UnavailableError",
    "Violation",
]
