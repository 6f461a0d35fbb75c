"""Trains the two boosters of this folder on the demo's suppliers; see README.md for the command."""

import pandas as pd
import xgboost as xgb

FEATURES = [
    "past_disputes", "financial_stability_index", "avg_delay", "late_ratio",
    "avg_payment_delay_days", "delivery_score", "dispute_rate", "clause_risk_score",
]  # fmt: skip

labels = pd.read_csv("demo/suppliers.csv")[["supplier_id", "high_risk"]]
rows = pd.read_csv("demo/new_data_weekly.csv").merge(labels, on="supplier_id")
data = xgb.DMatrix(rows[FEATURES], rows["high_risk"])

for name, rounds in [("booster", 10), ("booster-2", 20)]:
    settings = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.3, "seed": 1, "nthread": 1}
    booster = xgb.train(settings, data, rounds)
    booster.save_model(f"docs/examples/{name}.json")
    # 50 rows with the trainer's own answers, for `bellwether import --expected`.
    answers = rows[FEATURES].assign(answer=booster.predict(data))
    answers.head(50).to_csv(f"docs/examples/{name}-answers.csv", index=False)
