# %% [markdown]
# # Train a model in a notebook and publish it
# Run `npm start` first. Needs xgboost and pandas. The model becomes the challenger of its name, or the champion if it is the first; it is
# checked before it is published. SCHEDULER_URL names another web listener of scheduler-service, BELLWETHER_TOKEN a token with the
# role admin or the right promote:challenger.

# %%
import hashlib
import os
from collections.abc import Iterator

import numpy as np
import pandas as pd
import xgboost as xgb
from bellwether import Client
from bellwether.registry.v1.model_publishing_service_connect import ModelPublishingServiceClientSync
from bellwether.registry.v1.model_publishing_service_pb2 import (
    FileChunk,
    ImportModelHeader,
    ImportModelRequest,
    Provenance,
    UploadedFile,
)

CHUNK_BYTES = 512 * 1024

# %% [markdown]
# ## Train
# Any tree model of XGBoost, LightGBM or ONNX. Here: suppliers whose deliveries are late and whose disputes are many are a risk.

# %%
random = np.random.default_rng(7)
suppliers = pd.DataFrame(
    {
        "late_ratio": random.beta(2, 8, 4_000),
        "past_disputes": random.poisson(1.5, 4_000).astype(float),
        "delivery_score": random.normal(85, 8, 4_000).clip(0, 100),
    }
)
logit = 6 * suppliers.late_ratio + 0.6 * suppliers.past_disputes - 0.05 * suppliers.delivery_score - 0.5
risk = (random.random(len(suppliers)) < 1 / (1 + np.exp(-logit))).to_numpy()
train, test = slice(0, 3_000), slice(3_000, None)
model = xgb.XGBClassifier(n_estimators=80, max_depth=4, learning_rate=0.1).fit(suppliers[train], risk[train])
scores = model.predict_proba(suppliers[test])[:, 1]
ranks = pd.Series(scores).rank().to_numpy()
positives = risk[test].sum()
auc = (ranks[risk[test]].sum() - positives * (positives + 1) / 2) / (positives * (len(scores) - positives))
print(f"AUC on {len(scores)} rows: {auc:.3f}")

# %% [markdown]
# ## Publish
# The files of an upload are its model and, if there are any, rows of typical suppliers and rows with the outputs of the trainer: the import
# is rejected if its own outputs differ from those. Nothing is published before all of them have arrived.

# %%
expected = suppliers[test].head(200).assign(answer=scores[:200])
files = {
    "model": bytes(model.get_booster().save_raw("ubj")),
    "expected": expected.to_csv(index=False).encode(),
}
data = hashlib.sha256(suppliers.to_csv(index=False).encode()).hexdigest()


def upload() -> Iterator[ImportModelRequest]:
    announced = [
        UploadedFile(name=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
        for name, content in files.items()
    ]
    provenance = Provenance(
        builder=f"publish.py, xgboost {xgb.__version__}",
        metrics={"auc": float(auc)},
        data_digest=data,
        reason="trained in a notebook",
    )
    header = ImportModelHeader(model_name="notebook-risk", files=announced, provenance=provenance)
    yield ImportModelRequest(header=header)
    for content in files.values():
        for start in range(0, len(content), CHUNK_BYTES):
            yield ImportModelRequest(chunk=FileChunk(content=content[start : start + CHUNK_BYTES]))


scheduler = Client(
    os.environ.get("SCHEDULER_URL", "http://localhost:8082"), token=os.environ.get("BELLWETHER_TOKEN"), timeout_s=300
)
published = scheduler.stub(ModelPublishingServiceClientSync).import_model(upload())
state = "published" if published.is_new else "known already"
print(f"{published.model_name} {published.version}: {state}, alias {published.alias or 'unchanged'}")
