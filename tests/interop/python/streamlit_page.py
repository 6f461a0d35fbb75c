"""Runs examples/streamlit.py without its server, against the service at ML_URL, and compares what the page shows."""

import json
import os
import tempfile

import pandas as pd
from streamlit.testing.v1 import AppTest


def page_of(suppliers: pd.DataFrame):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SUPPLIERS"] = os.path.join(folder, "suppliers.csv")
        suppliers.to_csv(os.environ["SUPPLIERS"], index=False)
        page = AppTest.from_file(os.path.abspath("examples/streamlit.py"), default_timeout=120).run()
    assert not page.exception, page.exception
    return page


with open("docs/examples/acme.json") as file:
    acme = json.load(file)
page = page_of(pd.DataFrame([acme]))
assert not page.error, page.error
assert page.dataframe[0].value.supplier_id.tolist() == ["ACME"], page.dataframe[0].value
assert page.selectbox[0].value == "ACME", page.selectbox[0].value

# A text in a column of numbers is an error that names the column, and nothing is shown.
wrong = page_of(pd.DataFrame([{**acme, "past_disputes": "seven"}]))
assert "past_disputes" in wrong.error[0].value, wrong.error
assert not wrong.dataframe, wrong.dataframe
