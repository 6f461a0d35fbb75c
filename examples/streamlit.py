"""A page that scores an uploaded CSV file and shows why: streamlit run examples/streamlit.py"""

import os

import pandas as pd
import streamlit as st
from bellwether import BellwetherError, Client

st.title("Supplier risk")
client = Client(os.environ.get("ML_URL", "http://localhost:8081"), token=os.environ.get("BELLWETHER_TOKEN"))
file = st.file_uploader("CSV with a column supplier_id and the features of the model") or os.environ.get("SUPPLIERS")
if file:
    try:
        explained = client.explain(pd.read_csv(file, dtype={"supplier_id": str}), ignore="all", missing="all")
    except BellwetherError as error:
        st.error(str(error))
        st.stop()
    st.dataframe(explained.frame.sort_values("risk_score", ascending=False))
    supplier = st.selectbox("Why", explained.frame.sort_values("risk_score", ascending=False).supplier_id)
    reasons = explained.top(8)
    st.bar_chart(reasons[reasons.supplier_id == supplier].set_index("column").contribution)
