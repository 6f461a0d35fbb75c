# %% [markdown]
# # Which suppliers are about to become a problem, and why
# Run `npm start` first. Open this file in Jupyter (with jupytext) or an editor that knows `# %%`, or run it as a program.

# %%
import os

import matplotlib.pyplot as plt
import pandas as pd
from bellwether import Client

client = Client(os.environ.get("ML_URL", "http://localhost:8081"), token=os.environ.get("BELLWETHER_TOKEN"))
data = os.environ.get("BELLWETHER_DATA_DIR", ".bellwether")
file = os.environ.get("SUPPLIERS", f"{data}/demo/new_data_weekly.csv")

# %% [markdown]
# ## Load
# The ids are read as text, so that leading zeros are kept. Numbers that cannot be read become missing values here; without
# `errors="coerce"`, the client names the first of them with its row.

# %%
suppliers = pd.read_csv(file, dtype={"supplier_id": str}).drop_duplicates("supplier_id").reset_index(drop=True)
features = client.features()
FEATURE_KIND_NUMERIC = 1
for feature in features:
    if feature.kind == FEATURE_KIND_NUMERIC:
        suppliers[feature.name] = pd.to_numeric(suppliers[feature.name], errors="coerce")
suppliers = suppliers[suppliers.supplier_id.notna()].reset_index(drop=True)
print(f"{len(suppliers)} suppliers, {len(features)} features")

# %% [markdown]
# ## Score and explain
# `ignore="all"`: columns that are no features of the model are not sent. The result lists them.

# %%
explained = client.explain(suppliers, ignore="all")
print("not sent:", ", ".join(explained.ignored))
print(explained.frame.band.value_counts())
worst = explained.frame.nlargest(10, "risk_score")
print(worst)

# %% [markdown]
# ## Why
# The contributions of a supplier and the base value add up to its margin.

# %%
reasons = explained.top(3)
print(reasons[reasons.row.isin(worst.index)].to_string(index=False))

# %% [markdown]
# ## Plot
# The distribution of the scores, and the mean magnitude of each contribution.

# %%
magnitude = explained.contributions.drop(columns="supplier_id").abs().mean().nlargest(12).sort_values()
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
left.hist(explained.frame.risk_score.dropna(), bins=50)
left.set(title="Risk scores", xlabel="calibrated probability", ylabel="suppliers")
right.barh(magnitude.index, magnitude)
right.set(title="Mean magnitude of contributions", xlabel=explained.space.lower().replace("_", " "))
figure.savefig("suppliers.png", dpi=150)
