"""Scores with the KServe SDK over gRPC and over HTTP. Arguments and output are those of triton_client.py."""

import asyncio
import json
import sys

from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig

grpc_address, web_address, model, columns_file = sys.argv[1:]
with open(columns_file, encoding="utf-8") as file:
    columns = json.load(file)


def request():
    """A new request for each call: the SDK changes its tensors when it sends them."""
    inputs = [
        InferInput(name, [len(values)], "BYTES" if isinstance(values[0], str) else "FP64", data=values)
        for name, values in columns.items()
    ]
    return InferRequest(model_name=model, infer_inputs=inputs)


def scores(answer):
    return next(output for output in answer.outputs if output.name == "score").as_numpy().tobytes().hex()


async def main():
    by_grpc = InferenceGRPCClient(url=grpc_address)
    by_http = InferenceRESTClient(RESTConfig(protocol="v2"))
    web = f"http://{web_address}"
    print(
        json.dumps(
            {
                "grpc": {
                    "ready": [await by_grpc.is_server_ready(), await by_grpc.is_model_ready(model)],
                    "score": scores(await by_grpc.infer(request())),
                },
                "http": {
                    "ready": [await by_http.is_server_ready(web), await by_http.is_model_ready(web, model)],
                    "score": scores(await by_http.infer(web, request(), model_name=model)),
                },
                "absent": await by_http.is_model_ready(web, "another"),
            }
        )
    )


asyncio.run(main())
