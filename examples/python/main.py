"""Scores two suppliers, explains one, reads the first changes of alerts, and runs the present week.

ML_URL, OPS_URL and SCHEDULER_URL name other web listeners than those of `npm start`, BELLWETHER_TOKEN a token or an API key.
"""

import os

import pandas as pd
from bellwether import Client, UnavailableError
from bellwether.inference.v1.inference_service_connect import InferenceServiceClientSync
from bellwether.inference.v1.inference_service_pb2 import ExplainRequest, PredictRequest
from bellwether.inference.v1.score_pb2 import Band, Supplier
from bellwether.ops.v1.alert_service_connect import AlertServiceClientSync
from bellwether.ops.v1.alert_service_pb2 import WatchAlertsRequest
from bellwether.ops.v1.batch_pb2 import RunState
from bellwether.schedule.v1.schedule_service_connect import ScheduleServiceClientSync
from bellwether.schedule.v1.schedule_service_pb2 import TriggerRunRequest, WatchProgressRequest


def client(variable: str, url: str) -> Client:
    return Client(os.environ.get(variable, url), token=os.environ.get("BELLWETHER_TOKEN"))


ml = client("ML_URL", "http://localhost:8081")
ops = client("OPS_URL", "http://localhost:8080")
scheduler = client("SCHEDULER_URL", "http://localhost:8082")

frame = pd.DataFrame(
    {
        "supplier_id": ["ACME", "BETA"],
        "past_disputes": [7, 0],
        "late_ratio": [0.45, 0.02],
        "avg_delay": [38, 1],
        "delivery_score": [71, 96],
        "avg_payment_delay_days": [51, 5],
        "financial_stability_index": [0.42, 0.9],
        "dispute_rate": [0.2, 0],
        "clause_risk_score": [55, 10],
    }
)
acme = Supplier(supplier_id="ACME", features=frame.drop(columns="supplier_id").iloc[0].to_dict())
inference = ml.stub(InferenceServiceClientSync)

score = inference.predict(PredictRequest(supplier=acme)).score
print(f"score: ACME {score.risk_score:.3f} {Band.Name(score.band)}")

# missing="all": features that the frame does not have are missing values.
scores = ml.predict(frame, missing="all").frame
print("batch:", ", ".join(f"{row.supplier_id} {row.risk_score:.3f} BAND_{row.band.upper()}" for row in scores.itertuples()))

for part in inference.explain(ExplainRequest(supplier=acme)):
    if part.HasField("contributions"):
        largest = part.contributions.contributions[:3]
        print("explain:", ", ".join(f"{entry.feature} {entry.contribution:+.2f}" for entry in largest))

# after_sequence=0: from the first change of an alert. Without it, a watch begins now.
for change in ops.stub(AlertServiceClientSync).watch_alerts(WatchAlertsRequest(after_sequence=0)):
    if change.alerts:
        print(f"alerts: {len(change.alerts)} changed, up to sequence {change.sequence}")
        break

schedule = scheduler.stub(ScheduleServiceClientSync)
job = schedule.trigger_run(TriggerRunRequest(schedule_id="weekly"))
progress = None
while progress is None or progress.state == RunState.RUN_STATE_RUNNING:
    try:
        for message in schedule.watch_progress(WatchProgressRequest(job_id=job.job_id)):
            # A message without a state only keeps the connection open.
            progress = message if message.state else progress
    except UnavailableError as error:
        # The server ends each connection after half an hour: open the watch again.
        if error.reason != "CONNECTION_AGE":
            raise
print(f"run: {progress.iso_week} {RunState.Name(progress.state)}, {progress.rows_scored} rows, run {progress.run_id}")
