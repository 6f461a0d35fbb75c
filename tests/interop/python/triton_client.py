"""Scores with tritonclient over gRPC and over HTTP.

Arguments: address of the gRPC listener, address of the web listener, name of the model, JSON file with the columns.
Prints one JSON text: the answers as hexadecimal bytes, and what the other calls say.
"""

import json
import sys

import numpy as np
import tritonclient.grpc as grpc_client
import tritonclient.http as http_client

grpc_address, web_address, model, columns_file = sys.argv[1:]
with open(columns_file, encoding="utf-8") as file:
    columns = json.load(file)
OUTPUTS = ["score", "contributions", "base_value"]


def ask(module, address):
    client = module.InferenceServerClient(address)
    inputs = []
    for name, values in columns.items():
        is_text = isinstance(values[0], str)
        array = np.array(values, dtype=object if is_text else np.float64)
        tensor = module.InferInput(name, array.shape, "BYTES" if is_text else "FP64")
        tensor.set_data_from_numpy(array)
        inputs.append(tensor)
    wanted = [module.InferRequestedOutput(name) for name in OUTPUTS]
    answer = client.infer(model, inputs, model_version="1", outputs=wanted)
    try:
        client.infer("another", inputs)
        failure = ""
    except Exception as error:
        failure = str(error)
    return {
        "ready": [client.is_server_live(), client.is_server_ready(), client.is_model_ready(model)],
        **{name: answer.as_numpy(name).tobytes().hex() for name in OUTPUTS},
        "shapes": [list(answer.as_numpy(name).shape) for name in OUTPUTS],
        "failure": failure,
    }


print(json.dumps({"grpc": ask(grpc_client, grpc_address), "http": ask(http_client, web_address)}))
