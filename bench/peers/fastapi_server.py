"""A prediction service as it is usually written in Python: FastAPI, scikit-learn, shap and SQLite.

usage: fastapi_server.py FOLDER PORT
FOLDER holds training.json: {"columns": [{"name", "values"}], "texts", "labels"}. POST /predict takes flat JSON with
supplier_id, contract_text and the columns, and answers the score with the five largest contributions. Every call is
recorded in SQLite before it is answered.
"""

import hashlib
import json
import sqlite3
import sys
import uuid
from pathlib import Path

import numpy as np
import shap
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer

TERMS = 24
TOP = 5

folder, port = Path(sys.argv[1]), int(sys.argv[2])
data = json.loads((folder / "training.json").read_text())
names = [column["name"] for column in data["columns"]]
terms = TfidfVectorizer(max_features=TERMS).fit(data["texts"])
rows = np.column_stack([*(column["values"] for column in data["columns"]), terms.transform(data["texts"]).toarray()])
model = GradientBoostingClassifier(n_estimators=100, max_depth=6, learning_rate=0.1).fit(rows, data["labels"])
explainer = shap.TreeExplainer(model)
columns = [*names, *(f"contract_text:{term}" for term in terms.get_feature_names_out())]
audit = sqlite3.connect(folder / "audit.sqlite", isolation_level=None)
audit.execute("PRAGMA journal_mode = WAL")
audit.execute("CREATE TABLE event (id TEXT PRIMARY KEY, supplier_id TEXT, input_sha256 TEXT, score REAL, band TEXT)")
app = FastAPI()


class Supplier(BaseModel):
    model_config = ConfigDict(extra="allow")

    supplier_id: str
    contract_text: str = ""


@app.post("/predict")
async def predict(supplier: Supplier):
    given = supplier.model_extra or {}
    numbers = [given[name] for name in names]
    row = np.concatenate([numbers, terms.transform([supplier.contract_text]).toarray()[0]]).reshape(1, -1)
    score = float(model.predict_proba(row)[0, 1])
    contributions = explainer.shap_values(row)[0]
    top = np.argsort(-np.abs(contributions))[:TOP]
    band = "high" if score >= 0.7 else "medium" if score >= 0.4 else "low"
    digest = hashlib.sha256(supplier.model_dump_json().encode()).hexdigest()
    audit.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?)", (str(uuid.uuid4()), supplier.supplier_id, digest, score, band))
    return {
        "supplier_id": supplier.supplier_id,
        "risk_score": score,
        "band": band,
        "contributions": [{"feature": columns[i], "contribution": float(contributions[i])} for i in top],
    }


uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
