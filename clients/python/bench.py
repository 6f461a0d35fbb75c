"""Compares Client.explain on a DataFrame with the same PredictBatch calls without a DataFrame.

Arguments: URL of the web listener of ml-service, number of rows, number of pairs. Prints one line of JSON per measurement.
The raw calls send requests that were made before, as many at a time, and ignore the bytes of the answers.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from bellwether import Client
from bellwether.batches import cut, to_request
from bellwether.columns import read_columns
from bellwether.frames import open_frame
from bellwether.inference.v1.inference_service_connect import InferenceServiceClientSync
from bellwether.inference.v1.score_pb2 import ModelSelector
from bellwether.registry.v1.model_registry_service_pb2 import FeatureKind

IN_FLIGHT = 2
BATCH_ROWS = 4_096


def draw_frame(features, rows: int) -> pd.DataFrame:
    random = np.random.default_rng(11)
    columns: dict = {"supplier_id": [f"S{row:06}" for row in range(rows)]}
    for feature in features:
        if feature.kind == FeatureKind.FEATURE_KIND_NUMERIC:
            values = feature.typical * random.uniform(0.5, 1.0, rows)
            columns[feature.name] = np.where(random.uniform(size=rows) < 0.05, np.nan, values)
        elif feature.kind == FeatureKind.FEATURE_KIND_CATEGORY:
            columns[feature.name] = random.choice(list(feature.categories), rows)
    return pd.DataFrame(columns)


def main(url: str, rows: int, pairs: int) -> None:
    client = Client(url, in_flight=IN_FLIGHT, batch_rows=BATCH_ROWS)
    features = client.features()
    frame = draw_frame(features, rows)
    columns = read_columns(open_frame(frame, "supplier_id"), features, id_column="supplier_id", missing="all", ignore=())
    requests = [to_request(columns, batch, ModelSelector(), with_contributions=True) for batch in cut(columns, BATCH_ROWS)]
    stub = client.stub(InferenceServiceClientSync)

    def raw() -> None:
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            for answer in pool.map(stub.predict_batch, requests):
                assert answer.contributions

    def explain() -> None:
        explained = client.explain(frame, missing="all")
        assert len(explained.contributions) == rows

    for pair in range(-1, pairs):  # the first pair warms up
        order = (raw, explain) if pair % 2 == 0 else (explain, raw)
        rates = {}
        for work in order:
            begun = time.perf_counter()
            work()
            rates[work.__name__] = rows / (time.perf_counter() - begun)
        if pair >= 0:
            print(json.dumps(rates), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
