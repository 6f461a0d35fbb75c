"""Computes the features of the SCMS example with pandas, independently of the mapping's SQL.

Usage: python3 tests/weekly/scms-features.py FILE.csv.gz AS_OF... > tests/weekly/scms-features.json
(pandas 3.1.1; scms-features.json was made with 2012-04-29 2012-05-27 2012-06-24)
"""

import json
import sys

import pandas as pd


def features(lines: pd.DataFrame, as_of: pd.Timestamp) -> dict:
    known = lines[lines.delivered < as_of]
    first = known.groupby("vendor").delivered.min()
    year = known[(known.scheduled >= as_of - pd.Timedelta(days=365)) & (known.scheduled < as_of)]
    result = {}
    for vendor, of in year.groupby("vendor"):
        result[vendor] = {
            "lines": len(of),
            "late_share": float((of.delay > 0).mean()),
            "mean_delay_days": float(of.delay.mean()),
            "max_delay_days": int(of.delay.max()),
            "value_usd": float(of.value.sum()),
            "countries": int(of.country.nunique()),
            "air_share": float(of["mode"].isin(["Air", "Air Charter"]).mean()),
            "truck_share": float((of["mode"] == "Truck").mean()),
            "ocean_share": float((of["mode"] == "Ocean").mean()),
            "tenure_days": int((as_of - first[vendor]).days),
        }
    return result


def main() -> None:
    # keep_default_na: "N/A" is a shipment mode that the mapping declares as not known; no other column uses it here.
    raw = pd.read_csv(sys.argv[1], encoding="utf-8", dtype=str, keep_default_na=False)
    lines = pd.DataFrame(
        {
            "vendor": raw["Vendor"].str.strip(),
            "country": raw["Country"].str.strip(),
            "mode": raw["Shipment Mode"].str.strip(),
            "scheduled": pd.to_datetime(raw["Scheduled Delivery Date"], format="%d-%b-%y", errors="coerce"),
            "delivered": pd.to_datetime(raw["Delivered to Client Date"], format="%d-%b-%y", errors="coerce"),
            "value": pd.to_numeric(raw["Line Item Value"]),
        }
    )
    lines = lines[(lines.vendor != "SCMS from RDC") & lines.scheduled.notna() & lines.delivered.notna()].copy()
    lines["delay"] = (lines.delivered - lines.scheduled).dt.days
    dates = []
    for date in sorted(sys.argv[2:]):
        found = sorted(features(lines, pd.Timestamp(date)).items())
        rows = ",\n".join(f"  {json.dumps(vendor)}: {json.dumps(values)}" for vendor, values in found)
        dates.append(f" {json.dumps(date)}: {{\n{rows}\n }}")
    print("{\n" + ",\n".join(dates) + "\n}")


main()
