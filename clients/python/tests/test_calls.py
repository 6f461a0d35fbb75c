"""Deadlines, retries, credentials and typed errors, against a server of Connect's own."""

import collections
import time
import tracemalloc

import bellwether
import numpy as np
import pandas as pd
import pytest
from bellwether import Client, FrameError, ModelChangedError
from bellwether.inference.v1.inference_service_connect import InferenceServiceClientSync
from bellwether.inference.v1.inference_service_pb2 import ExplainRequest, PredictBatchResponse
from bellwether.inference.v1.score_pb2 import ModelIdentity
from connectrpc.code import Code
from peer import Inference, Registry, error, serve, serve_answer

FRAME = pd.DataFrame({"supplier_id": ["A", "B", "C"], "late_ratio": [0.5, 0.25, np.nan]})


def answer(request, version="v1"):
    rows = len(request.supplier_ids)
    scores = np.zeros(rows, "<f8").tobytes()
    return PredictBatchResponse(
        risk_scores=scores,
        margins=scores,
        bands=bytes([2] * rows),
        missing_counts=np.zeros(rows, "<u2").tobytes(),
        model=ModelIdentity(name="m", version=request.model.model_version or version),
    )


def failing(*errors):
    """Returns an answer that raises each error once, and then answers."""
    left = list(errors)

    def respond(request):
        if left:
            raise left.pop(0)
        return answer(request)

    return respond


class TestRetries:
    def test_a_call_is_repeated_after_the_pause_that_the_service_names(self):
        inference = Inference(failing(error(Code.RESOURCE_EXHAUSTED, "too many batches", reason="BATCH_QUEUE_FULL", retry_s=0.3)))
        with serve(inference) as url:
            begun = time.monotonic()
            scores = Client(url).predict(FRAME)
        assert time.monotonic() - begun >= 0.3
        assert len(inference.requests) == 2 and scores.frame.band.tolist() == ["low"] * 3

    def test_a_call_is_attempted_as_often_as_configured(self):
        inference = Inference(failing(*[error(Code.UNAVAILABLE, "away", retry_s=0.01)] * 3))
        with serve(inference) as url, pytest.raises(bellwether.UnavailableError):
            Client(url, attempts=3).predict(FRAME)
        assert len(inference.requests) == 3

    def test_an_error_without_a_pause_is_not_repeated_unless_it_is_unavailable(self):
        inference = Inference(failing(error(Code.RESOURCE_EXHAUSTED, "too large"), error(Code.UNAVAILABLE, "away")))
        with serve(inference) as url:
            with pytest.raises(bellwether.ResourceExhaustedError):
                Client(url).predict(FRAME)
            assert len(inference.requests) == 1
            Client(url).predict(FRAME)
        assert len(inference.requests) == 3

    def test_a_pause_beyond_the_deadline_ends_the_call_at_once(self):
        inference = Inference(failing(error(Code.UNAVAILABLE, "away", retry_s=30)))
        with serve(inference) as url, pytest.raises(bellwether.UnavailableError) as caught:
            Client(url, timeout_s=20).predict(FRAME)
        assert caught.value.retry_after_s == 30

    def test_a_service_that_does_not_listen_is_unavailable(self):
        with pytest.raises(bellwether.UnavailableError) as caught:
            Client("http://127.0.0.1:1", attempts=1).predict(FRAME)
        assert caught.value.code is Code.UNAVAILABLE and caught.value.reason == ""

    def test_the_deadline_is_that_of_the_client(self):
        def slow(request):
            time.sleep(2)
            return answer(request)

        inference = Inference(slow)
        with serve(inference) as url, pytest.raises(bellwether.DeadlineExceededError):
            Client(url, timeout_s=0.5).predict(FRAME)
        assert 0 < int(inference.headers[0]["connect-timeout-ms"]) <= 500


class TestErrors:
    def test_an_error_has_code_reason_fields_and_metadata(self):
        failure = error(Code.INVALID_ARGUMENT, "values: too short", reason="BATCH_SHAPE", fields={"values": "too short"})
        with serve(Inference(failing(failure))) as url, pytest.raises(bellwether.InvalidArgumentError) as caught:
            Client(url).predict(FRAME)
        found = caught.value
        assert (found.code, found.reason, found.message) == (Code.INVALID_ARGUMENT, "BATCH_SHAPE", "values: too short")
        assert (found.fields, found.metadata) == ({"values": "too short"}, {"asked": "yes"})
        assert str(found) == "BATCH_SHAPE: values: too short"

    @pytest.mark.parametrize("code", list(Code))
    def test_every_code_has_a_typed_error(self, code):
        with serve(Inference(failing(error(code, "no")))) as url, pytest.raises(bellwether.RpcError) as caught:
            Client(url, attempts=1).predict(FRAME)
        assert caught.value.code is code

    def test_an_error_of_a_later_batch_names_its_rows(self):
        inference = Inference(lambda request: answer(request) if "A" in request.supplier_ids else failing(error(Code.INTERNAL, "no"))(request))
        with serve(inference) as url, pytest.raises(bellwether.InternalError) as caught:
            Client(url, batch_rows=2).predict(FRAME)
        assert caught.value.__notes__ == ["The call was for the rows 2 to 2; rows in its message count from 2."]


class TestVersions:
    def test_all_batches_name_the_version_of_the_first_answer(self):
        inference = Inference(answer)
        with serve(inference) as url:
            Client(url, batch_rows=1).predict(FRAME)
        assert [request.model.model_version for request in inference.requests] == ["", "v1", "v1"]

    def test_an_earlier_champion_that_is_still_served_scores_the_frame(self):
        inference = Inference(lambda request: answer(request, "v1"))
        with serve(inference, Registry("v2")) as url:
            assert Client(url).predict(FRAME).model.version == "v1"
        assert [request.model.model_version for request in inference.requests] == ["", "v1"]

    def test_another_model_in_a_later_batch_is_an_error(self):
        def other(request):
            found = answer(request)
            found.model.model_digest = "a" if "A" in request.supplier_ids else "b"
            return found

        with serve(Inference(other)) as url, pytest.raises(ModelChangedError, match="the rows up to 0 were scored by m v1"):
            Client(url, batch_rows=1).predict(FRAME)


class TestManyFrames:
    def test_all_frames_are_scored_by_the_version_of_the_first_one(self):
        inference = Inference(answer)
        with serve(inference) as url:
            frames = (FRAME.iloc[[row]] for row in range(3))
            found = [scores.frame.supplier_id.tolist() for scores in Client(url).predict_each(frames)]
        assert found == [["A"], ["B"], ["C"]]
        assert [request.model.model_version for request in inference.requests] == ["", "v1", "v1"]

    def test_a_frame_is_read_after_the_scores_of_the_one_before_it(self):
        read = []
        with serve(Inference(answer)) as url:
            scored = Client(url).predict_each(read.append(row) or FRAME.iloc[[row]] for row in range(3))
            next(scored)
        assert read == [0]

    def test_an_invalid_frame_is_named_with_its_number_and_the_earlier_ones_are_scored(self):
        found = []
        with serve(Inference(answer)) as url, pytest.raises(FrameError, match="row 0.* is infinite") as caught:
            for scores in Client(url).predict_each([FRAME, FRAME.assign(late_ratio=np.inf)]):
                found.append(scores)
        assert len(found) == 1 and caught.value.__notes__ == ["The frame with the number 1, from 0."]

    def test_what_is_no_frame_is_named_with_its_number(self):
        with serve(Inference(answer)) as url, pytest.raises(TypeError, match="expected a DataFrame") as caught:
            list(Client(url).predict_each([FRAME, [1]]))
        assert caught.value.__notes__ == ["The frame with the number 1, from 0."]

    @pytest.mark.parametrize("method", ["predict_each", "explain_each"])
    def test_one_frame_instead_of_several_is_rejected(self, method):
        with serve(Inference(answer)) as url, pytest.raises(TypeError, match="expected several DataFrames"):
            list(getattr(Client(url), method)(FRAME))

    def test_another_service_is_named_with_its_url(self):
        inference = Inference(failing(error(Code.UNIMPLEMENTED, "PredictBatch is not implemented")))
        with serve(inference) as url, pytest.raises(bellwether.RpcError) as caught:
            Client(url).predict(FRAME)
        assert caught.value.__notes__ == [
            f"url is {url}: predict and explain need the web listener of ml-service, for example http://localhost:8081."
        ]

    @pytest.mark.parametrize(
        "status, kind, body",
        [
            (404, "text/html", b"<h1>Not found</h1>"),
            (404, "application/json", b'{"code":"unimplemented","message":"nothing here"}'),
            (200, "application/json", b'{"status":"ok"}'),
            (200, "text/html", b"<h1>Sign in</h1>"),
            (200, "application/proto", b"\xff\xff"),
            (302, "text/html", b""),
            (403, "text/html", b""),
            (502, "text/html", b""),
        ],
    )
    def test_the_answer_of_another_server_is_an_error_with_the_url(self, status, kind, body):
        with serve_answer(status, kind, body) as url:
            client = Client(f"{url}/foo", attempts=1)
            for call in (lambda: client.predict(FRAME), lambda: client.explain(FRAME), client.features):
                with pytest.raises(bellwether.RpcError) as caught:
                    call()
                assert f"url is {url}/foo: expected the web listener of a service" in str(caught.value)
                assert caught.value.reason == ""

    def test_a_stream_of_another_server_is_an_error_with_the_url(self):
        with serve_answer(404, "text/html", b"") as url:
            stub = Client(url).stub(InferenceServiceClientSync)
            with pytest.raises(bellwether.RpcError, match=f"url is {url}: expected"):
                list(stub.explain(ExplainRequest()))

    def test_an_error_of_a_service_does_not_name_the_url(self):
        with serve(Inference(failing(error(Code.INTERNAL, "no", reason="FAILED")))) as url, pytest.raises(bellwether.InternalError) as caught:
            Client(url).predict(FRAME)
        assert str(caught.value) == "FAILED: no"

    def test_memory_does_not_grow_with_the_number_of_frames(self):
        inference = Inference(answer)
        # The test's server keeps no request, as a service of another process.
        inference.requests = inference.headers = collections.deque(maxlen=1)

        def peak(client, count):
            frames = (
                pd.DataFrame({"supplier_id": [f"S{number}-{row}" for row in range(4_000)], "late_ratio": 0.5})
                for number in range(count)
            )
            tracemalloc.start()
            assert sum(len(scores.frame) for scores in client.predict_each(frames)) == 4_000 * count
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return found

        with serve(inference) as url:
            client = Client(url, batch_rows=1_000)
            peak(client, 2)
            assert peak(client, 20) < 1.5 * peak(client, 4)


class TestRequests:
    def test_values_are_columns_of_float32_with_checksums(self):
        inference = Inference(answer)
        with serve(inference) as url:
            Client(url).predict(FRAME)
        [request] = inference.requests
        assert list(request.feature_names) == ["late_ratio"]
        assert np.frombuffer(request.values, "<f4")[:2].tolist() == [0.5, 0.25]
        assert list(request.values_checksums) == [0.5 + 2 * 0.25]

    def test_an_invalid_frame_sends_nothing(self):
        inference = Inference(answer)
        with serve(inference) as url, pytest.raises(bellwether.FrameError):
            Client(url).predict(FRAME.assign(late_ratio=[1, np.inf, 2]))
        assert inference.requests == []


class TestCredentials:
    def test_a_token_is_sent_and_a_function_is_called_for_each_call(self):
        tokens = iter(["one", "two"])
        inference = Inference(answer)
        with serve(inference) as url:
            Client(url, token=lambda: next(tokens)).predict(FRAME)
        assert [headers["authorization"] for headers in inference.headers] == ["Bearer two"]

    @pytest.mark.parametrize("token", ["secret\nx", "secret\rx", "secret\0x", "secret x", "secr\u00e9t", "secret\x7fx"])
    def test_a_token_that_cannot_be_sent_is_refused_without_showing_it(self, token):
        inference = Inference(answer)
        with serve(inference) as url:
            for use in (lambda: Client(url, token=token), lambda: Client(url, token=lambda: token).predict(FRAME)):
                with pytest.raises(ValueError, match="token: expected visible ASCII characters") as raised:
                    use()
                assert "secr" not in str(raised.value)
                assert raised.value.__cause__ is None
        assert inference.requests == []

    def test_a_line_end_after_the_token_is_removed(self):
        inference = Inference(answer)
        with serve(inference) as url:
            Client(url, token="one\n").predict(FRAME)
        assert inference.headers[0]["authorization"] == "Bearer one"

    def test_without_a_token_no_header_is_sent(self):
        inference = Inference(answer)
        with serve(inference) as url:
            Client(url).predict(FRAME)
        assert "authorization" not in inference.headers[0]

    def test_a_token_over_clear_text_to_another_machine_is_rejected(self):
        with pytest.raises(ValueError, match="clear text"):
            Client("http://risk.example.com:8081", token="x")
        for url in ("https://risk.example.com", "http://localhost:8081", "http://[::1]:8081"):
            Client(url, token="x")
        Client("http://risk.example.com:8081", token="x", allow_cleartext=True)

    @pytest.mark.parametrize("token", ["", "  "])
    def test_an_empty_token_is_rejected(self, token):
        with pytest.raises(ValueError, match="empty"):
            Client("http://localhost:8081", token=token)
        with serve(Inference(answer)) as url, pytest.raises(ValueError, match="empty"):
            Client(url, token=lambda: token).predict(FRAME)


class TestSettings:
    @pytest.mark.parametrize("url", ["localhost:8081", "grpc://localhost:9081", "http://", "", "http://u:p@host", "http://h?x=1"])
    def test_what_is_no_url_of_a_listener_is_rejected(self, url):
        with pytest.raises(ValueError, match="url"):
            Client(url)

    @pytest.mark.parametrize(
        "url",
        ["http://u:hunter2@host", "http://hunter2@host", "grpc://u:hunter2@host", "u:hunter2@host", "http://h?key=hunter2", "ftp://h#hunter2"],
    )
    def test_a_secret_in_the_url_is_rejected_and_not_repeated(self, url):
        with pytest.raises(ValueError, match="^url: ") as caught:
            Client(url)
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize(
        "setting, invalid", [("timeout_s", 0), ("attempts", 0), ("attempts", 11), ("in_flight", 33), ("batch_rows", 8193), ("batch_rows", True)]
    )
    def test_a_setting_out_of_range_is_rejected(self, setting, invalid):
        with pytest.raises(ValueError, match=setting):
            Client("http://localhost:8081", **{setting: invalid})
