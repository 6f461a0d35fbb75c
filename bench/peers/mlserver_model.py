"""Writes an XGBoost model for MLServer. usage: mlserver_model.py FOLDER MODELS, FOLDER as in fastapi_server.py."""

import json
import sys
from pathlib import Path

import numpy as np
import xgboost
from sklearn.feature_extraction.text import TfidfVectorizer

folder, models = Path(sys.argv[1]), Path(sys.argv[2])
data = json.loads((folder / "training.json").read_text())
texts = TfidfVectorizer(max_features=24).fit_transform(data["texts"]).toarray()
rows = np.column_stack([*(column["values"] for column in data["columns"]), texts])
model = xgboost.XGBClassifier(n_estimators=100, max_depth=6, learning_rate=0.1, n_jobs=1).fit(rows, data["labels"])
target = models / "m6"
target.mkdir(exist_ok=True)
model.save_model(target / "model.json")
settings = {
    "name": "m6",
    "implementation": "mlserver_xgboost.XGBoostModel",
    "parameters": {"uri": "./model.json", "version": "1"},
}
(target / "model-settings.json").write_text(json.dumps(settings))
