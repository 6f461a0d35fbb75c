"""The client: scores and explains the suppliers of a DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from connectrpc.code import Code

from bellwether.inference.v1.inference_service_connect import InferenceServiceClientSync
from bellwether.inference.v1.inference_service_pb2 import PredictBatchResponse
from bellwether.inference.v1.score_pb2 import ModelSelector
from bellwether.registry.v1.model_registry_service_connect import ModelRegistryServiceClientSync
from bellwether.registry.v1.model_registry_service_pb2 import GetVersionRequest, GetVersionResponse, ModelFeature

from . import _limits
from .batches import Batch, cut, send_all, to_request
from .calls import CallPolicy, Token, check_url, clean_token, open_http, with_deadline
from .columns import Columns, Names, read_columns
from .errors import FrameError, RpcError, Violation
from .frames import Frame, open_frame
from .results import Collector, Explanation, Scores

Stub = TypeVar("Stub")
Answer = TypeVar("Answer")


class Client:
    """Calls the services of Bellwether. Safe to use from several threads.

    Example:
        >>> client = Client("http://localhost:8081")
        >>> scores = client.predict(frame)
        >>> scores.frame[scores.frame.band == "high"]

    Args:
        url: URL of a web listener: that of ml-service for predict and explain.
        token: A token or an API key, or a function that returns one and is called before each call. None: no
            authentication.
        timeout_s: Deadline of each unary call with its retries, in seconds. A frame is sent in several calls.
        attempts: Maximum number of attempts of a call that may be repeated, 1 to 10.
        in_flight: Number of batches that are sent at a time, 1 to 32.
        batch_rows: Maximum number of rows per call. 4,096 are the fastest by measurement.
        ca_cert: PEM file with the certificates to trust instead of those of the system.
        allow_cleartext: Sends a token over http to another machine.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token | None = None,
        timeout_s: float = 60.0,
        attempts: int = 4,
        in_flight: int = 2,
        batch_rows: int = 4_096,
        ca_cert: str | Path | None = None,
        allow_cleartext: bool = False,
    ):
        _check_range("timeout_s", timeout_s, 0.001, 3_600)
        _check_range("attempts", attempts, 1, 10)
        _check_range("in_flight", in_flight, 1, 32)
        _check_range("batch_rows", batch_rows, 1, _limits.MAX_BATCH_ROWS)
        if isinstance(token, str):
            token = clean_token(token)
        self._url = check_url(url, has_token=token is not None, allow_cleartext=allow_cleartext)
        self._timeout_s = timeout_s
        self._in_flight = in_flight
        self._batch_rows = batch_rows
        self._policy = CallPolicy(self._url, token, attempts)
        self._http = open_http(ca_cert, in_flight)
        self._inference = self.stub(InferenceServiceClientSync)
        self._registry = self.stub(ModelRegistryServiceClientSync)

    def stub(self, client_class: type[Stub]) -> Stub:
        """Returns a generated client (any `…ClientSync` of this package) with this client's URL, credentials, deadline,
        retries and errors. Streams have no deadline of the client, and are not repeated."""
        stub_class = with_deadline(client_class, self._timeout_s)
        # Neither direction is compressed: numbers compress badly, and the services are usually near.
        return stub_class(
            self._url,
            http_client=self._http,
            interceptors=[self._policy],
            send_compression=None,
            accept_compression=(),
        )

    def features(self, *, model: str = "", version: str = "") -> list[ModelFeature]:
        """Returns the features that a model expects: name, kind, unit, typical value, categories.

        Raises:
            RpcError
        """
        return list(self._version(model, version).features)

    def predict(
        self,
        frame: Any,
        *,
        id: str = "supplier_id",
        missing: Names = (),
        ignore: Names = (),
        model: str = "",
        version: str = "",
    ) -> Scores:
        """Scores every supplier of a pandas or polars DataFrame.

        Args:
            frame: One row per supplier: a column of ids, and one column per feature of the model. NaN, None and null
                are missing values. Categories and contract texts are texts.
            id: Name of the column with the ids; in pandas also the name of the index.
            missing: Features that the frame does not have and that are sent as missing values, or "all".
            ignore: Columns of the frame that are not sent, or "all" that are not features.
            model: Name of the model. Empty: the service's default model.
            version: A version, for example "v3", or "challenger". Empty: the champion.

        Raises:
            FrameError: The frame is not valid; nothing was sent.
            ModelChangedError: The model was replaced meanwhile and its version cannot be named.
            RpcError: The service rejected a batch or does not answer.
        """
        return self._score(frame, id, missing, ignore, ModelSelector(model_name=model, model_version=version), False)

    def explain(
        self,
        frame: Any,
        *,
        id: str = "supplier_id",
        missing: Names = (),
        ignore: Names = (),
        model: str = "",
        version: str = "",
    ) -> Explanation:
        """Scores every supplier as predict does, with the exact contributions of all columns of the model.

        Raises:
            FrameError, ModelChangedError, RpcError: as predict.
            NotExplainableError: Contributions cannot be computed for this model.
        """
        selector = ModelSelector(model_name=model, model_version=version)
        found = self._score(frame, id, missing, ignore, selector, True)
        assert isinstance(found, Explanation)
        return found

    def predict_each(self, frames: Iterable[Any], **options: Any) -> Iterator[Scores]:
        """Scores frames one after the other, and yields the scores of each before the next one is read.

        Memory holds one frame and its scores, whatever the number of frames: for tables of millions of rows, for example
        `pandas.read_csv(path, chunksize=100_000)`. One model version scores all frames. An id may be in several
        frames; the caller finds that out.

        Args:
            frames: DataFrames with the same columns.
            options: As those of predict.

        Raises:
            FrameError: A frame is not valid; the message names its number. Earlier frames are scored and yielded.
            ModelChangedError, RpcError: as predict.
        """
        return self._score_each(frames, self.predict, options)

    def explain_each(self, frames: Iterable[Any], **options: Any) -> Iterator[Explanation]:
        """Scores frames as predict_each does, with contributions.

        Raises:
            FrameError, ModelChangedError, RpcError, NotExplainableError: as predict_each and explain.
        """
        return self._score_each(frames, self.explain, options)

    def _score_each(self, frames: Iterable[Any], score: Any, options: dict[str, Any]) -> Iterator[Any]:
        if hasattr(frames, "columns"):
            raise TypeError("frames: expected several DataFrames, for example a list, got one; use predict or explain for it")
        for number, frame in enumerate(frames):
            try:
                scores = score(frame, **options)
            except (FrameError, TypeError) as error:
                error.add_note(f"The frame with the number {number}, from 0.")
                raise
            # All later frames name the version of the first one, so that one version scores all.
            options = {**options, "model": scores.model.name, "version": scores.model.version}
            yield scores

    def _score(
        self, data: Any, id_column: str, missing: Names, ignore: Names, selector: ModelSelector, explain: bool
    ) -> Scores:
        frame = open_frame(data, id_column)
        described = self._version(selector.model_name, selector.model_version)
        columns = self._read(frame, described, id_column, missing, ignore)
        batches = cut(columns, self._batch_rows)
        # The first answer names the version that scores now; all other batches name it, so that one version scores all.
        first = next(batches)
        answer = self._send(columns, first, selector, explain)
        if answer.model.version != described.version.version:
            # The service still serves an earlier champion. The frame must fit its features.
            described = self._version(answer.model.name, answer.model.version)
            columns = self._read(frame, described, id_column, missing, ignore)
            batches = cut(columns, self._batch_rows)
            first = next(batches)
            answer = self._send(columns, first, _selector_of(answer), explain)
        collector = Collector(frame, columns, with_contributions=explain)
        collector.add(first, answer)
        pinned = _selector_of(answer)
        for batch, found in send_all(batches, lambda batch: self._send(columns, batch, pinned, explain), self._in_flight):
            collector.add(batch, found)
        return collector.finish()

    def _read(
        self, frame: Frame, described: GetVersionResponse, id_column: str, missing: Names, ignore: Names
    ) -> Columns:
        if not described.features:
            name = f"{described.version.model_name} {described.version.version}"
            raise FrameError([Violation(None, None, f"the service at {self._url} does not report the features of {name}: update it")])
        return read_columns(frame, described.features, id_column=id_column, missing=missing, ignore=ignore)

    def _send(self, columns: Columns, batch: Batch, selector: ModelSelector, explain: bool) -> PredictBatchResponse:
        request = to_request(columns, batch, selector, with_contributions=explain)
        return self._of_ml_service(lambda: self._inference.predict_batch(request))

    def _version(self, model: str, version: str) -> GetVersionResponse:
        return self._of_ml_service(lambda: self._registry.get_version(GetVersionRequest(model_name=model, version=version)))

    def _of_ml_service(self, call: Callable[[], Answer]) -> Answer:
        """Returns the answer of a call; another service than ml-service has no such RPC."""
        try:
            return call()
        except RpcError as error:
            if error.code is Code.UNIMPLEMENTED:
                error.add_note(
                    f"url is {self._url}: predict and explain need the web listener of ml-service, for example "
                    "http://localhost:8081."
                )
            raise


def _selector_of(answer: PredictBatchResponse) -> ModelSelector:
    return ModelSelector(model_name=answer.model.name, model_version=answer.model.version)


def _check_range(name: str, value: float, lowest: float, highest: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not lowest <= value <= highest:
        raise ValueError(f"{name}: expected a number from {lowest} to {highest}, got {value!r}")
