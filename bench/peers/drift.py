"""Counts the columns in which Evidently's default drift test finds drift.

usage: drift.py FOLDER PAIRS
FOLDER holds reference-N.csv and present-N.csv for N from 0 to PAIRS - 1. Prints one JSON object per pair.
"""

import json
import os
import sys
import warnings
from pathlib import Path

# The product sends nothing anywhere, and neither does its benchmark.
os.environ["DO_NOT_TRACK"] = "1"
warnings.filterwarnings("ignore")

import evidently
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset

folder, pairs = Path(sys.argv[1]), int(sys.argv[2])
for pair in range(pairs):
    reference = pd.read_csv(folder / f"reference-{pair}.csv")
    present = pd.read_csv(folder / f"present-{pair}.csv")
    result = Report([DataDriftPreset()]).run(present, reference).dict()
    counts = [m["value"]["count"] for m in result["metrics"] if m["metric_name"].startswith("DriftedColumnsCount")]
    print(
        json.dumps({"rows": len(present), "drifted_columns": int(counts[0]), "version": evidently.__version__}),
        flush=True,
    )
