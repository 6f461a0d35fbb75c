"""The client against ml-service. BELLWETHER_ML_URL: its web listener, with the model of @bellwether/testing/demo-model."""

import os
import warnings

import bellwether
import numpy as np
import pandas as pd
import polars as pl
import pytest
from bellwether import Client, ScoreWarning
from bellwether.inference.v1.inference_service_connect import InferenceServiceClientSync
from bellwether.inference.v1.inference_service_pb2 import ExplainRequest, PredictRequest
from bellwether.inference.v1.score_pb2 import Supplier
from bellwether.registry.v1.model_registry_service_pb2 import FeatureKind

URL = os.environ.get("BELLWETHER_ML_URL", "")
pytestmark = pytest.mark.skipif(URL == "", reason="needs BELLWETHER_ML_URL, the web listener of an ml-service")
ROWS = 1_000


@pytest.fixture(scope="module")
def client():
    return Client(URL, batch_rows=300)


@pytest.fixture(scope="module")
def frame(client):
    """Returns suppliers around the typical values of the model, some of them missing."""
    random = np.random.default_rng(7)
    columns: dict = {"supplier_id": [f"S{row}" for row in range(ROWS)]}
    for feature in client.features():
        if feature.kind == FeatureKind.FEATURE_KIND_TEXT:
            columns[feature.name] = [None if row % 3 else "penalty for late delivery" for row in range(ROWS)]
        elif feature.kind == FeatureKind.FEATURE_KIND_CATEGORY:
            columns[feature.name] = random.choice(list(feature.categories), ROWS)
        else:
            values = (feature.typical * random.uniform(0.5, 1.0, ROWS)).astype(np.float32).astype(np.float64)
            values[random.uniform(size=ROWS) < 0.1] = np.nan
            columns[feature.name] = values
    return pd.DataFrame(columns, index=[f"row {row}" for row in range(ROWS)])


def test_scores_are_those_of_predict_alone(client, frame):
    scores = client.predict(frame)
    assert list(scores.frame.columns) == ["supplier_id", "risk_score", "band", "margin", "missing_count"]
    assert scores.frame.index.equals(frame.index)
    stub = client.stub(InferenceServiceClientSync)
    kinds = {feature.name: feature.kind for feature in client.features()}
    for row in range(0, ROWS, 97):
        supplier = Supplier(supplier_id=frame.supplier_id.iloc[row])
        for name, value in frame.iloc[row].drop("supplier_id").items():
            if pd.isna(value):
                continue
            if kinds[name] == FeatureKind.FEATURE_KIND_TEXT:
                supplier.contract_text = value
            elif kinds[name] == FeatureKind.FEATURE_KIND_CATEGORY:
                supplier.categories[name] = value
            else:
                supplier.features[name] = value
        alone = stub.predict(PredictRequest(supplier=supplier)).score
        assert scores.frame.risk_score.iloc[row] == alone.risk_score
        assert scores.frame.margin.iloc[row] == alone.margin
    assert scores.frame.band.isin(["low", "medium", "high"]).all() and len(scores.violations) == 0


def test_contributions_add_up_to_the_margin(client, frame):
    explained = client.explain(frame)
    values = explained.contributions.drop(columns="supplier_id")
    sums = explained.base_value + values.to_numpy(dtype="float64").sum(axis=1)
    assert np.allclose(sums, explained.frame.margin, rtol=1e-5, atol=1e-4)
    assert explained.contributions.supplier_id.tolist() == frame.supplier_id.tolist()
    assert explained.kind and explained.space and explained.background


def test_top_has_the_largest_contributions_first(client, frame):
    explained = client.explain(frame)
    top = explained.top(3)
    assert len(top) == 3 * ROWS and top["rank"].head(3).tolist() == [1, 2, 3]
    first = explained.contributions.iloc[0].drop("supplier_id").astype(float)
    assert top.contribution.iloc[0] == pytest.approx(first[first.abs().idxmax()])
    assert top.index[0] == frame.index[0]


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "3", None])
def test_top_takes_a_whole_number(client, frame, k):
    with pytest.raises(ValueError, match="k: expected a whole number of at least 1"):
        client.explain(frame.head(2)).top(k)


def test_polars_has_the_same_scores(client, frame):
    same = pl.DataFrame({name: frame[name].tolist() for name in frame.columns}, strict=False, nan_to_null=True)
    found, expected = client.explain(same), client.explain(frame)
    assert isinstance(found.frame, pl.DataFrame)
    assert found.frame["risk_score"].to_list() == expected.frame.risk_score.tolist()
    assert found.contributions.drop("supplier_id").to_numpy().tolist() == expected.contributions.drop(columns="supplier_id").to_numpy().tolist()
    assert found.top(2).height == 2 * ROWS


def test_a_row_with_a_violation_is_listed_and_the_others_are_scored(client, frame):
    invalid = frame.assign(financial_stability_index=frame.financial_stability_index.where(frame.supplier_id != "S700", 7_000.0))
    with pytest.warns(ScoreWarning, match="1 of 1000 rows has no score .*row 700 .*S700"):
        explained = client.explain(invalid)
    assert explained.violations.row.tolist() == [700]
    assert explained.violations.reason.tolist() == ["FEATURE_OUT_OF_RANGE"]
    assert explained.violations.index.tolist() == ["row 700"]
    row = explained.frame.loc["row 700"]
    assert pd.isna(row.band) and np.isnan(row.risk_score)
    assert np.isnan(explained.contributions.financial_stability_index.iloc[700])
    assert explained.frame.risk_score.notna().sum() == ROWS - 1
    assert 700 not in explained.top(1).row.tolist()


def test_polars_has_null_where_there_is_no_score(client, frame):
    columns = {name: frame[name].tolist() for name in frame.columns}
    columns["financial_stability_index"][3] = 7_000.0
    with pytest.warns(ScoreWarning):
        scores = client.predict(pl.DataFrame(columns, strict=False, nan_to_null=True))
    assert scores.frame["risk_score"].null_count() == 1 and scores.frame["band"].null_count() == 1


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("call", ["predict", "explain"])
def test_too_few_features_have_the_band_unknown_and_one_warning(client, call, library):
    frame = library({"supplier_id": ["A", "B"], "financial_stability_index": [0.5, None]})
    with pytest.warns(ScoreWarning) as caught:
        scores = getattr(client, call)(frame, missing="all")
    assert list(scores.frame["band"]) == ["unknown", "unknown"] and "delivery_score" in scores.missing
    [warning] = caught
    text = str(warning.message)
    assert text.startswith("2 of 2 rows have no score and the band 'unknown', because too few features have a value")
    assert "the first: row 0, supplier 'A'" in text and "without a value in all of them: " in text
    assert "'delivery_score'" in text and "contract_text" not in text
    assert text.endswith("without a value in some of them: 'financial_stability_index'")
    assert warning.filename == __file__


def test_a_misspelled_column_that_is_ignored_is_a_warning(client, frame):
    renamed = frame.rename(columns={"financial_stability_index": "financial_stabilty_index"})
    with pytest.warns(ScoreWarning) as caught:
        client.predict(renamed, ignore="all", missing="all")
    # Without the feature, some rows have too few features for a score.
    misspelled, without_score = sorted(str(warning.message) for warning in caught)[::-1]
    assert misspelled.startswith("column 'financial_stabilty_index' is not sent")
    assert "'financial_stability_index'" in misspelled
    assert "rows have no score and the band 'unknown'" in without_score


def test_a_valid_frame_causes_no_warning(client, frame):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.predict(frame)


def test_a_version_that_does_not_exist_is_an_error(client, frame):
    with pytest.raises(bellwether.NotFoundError) as caught:
        client.predict(frame, version="v999")
    assert caught.value.reason == "VERSION_NOT_FOUND"
    with pytest.raises(bellwether.NotFoundError) as caught:
        client.predict(frame, model="nobody")
    assert caught.value.reason == "MODEL_NOT_FOUND"


def test_long_texts_are_sent_in_more_calls(client, frame):
    long = frame.head(40).assign(contract_text="penalty " * 100_000)
    assert client.predict(long).frame.risk_score.notna().all()


def test_a_stream_has_typed_errors_too(client):
    stub = client.stub(InferenceServiceClientSync)
    parts = list(stub.explain(ExplainRequest(supplier=Supplier(supplier_id="A", features={"financial_stability_index": 0.5}))))
    assert [part.WhichOneof("part") for part in parts] == ["base", "contributions"]
    with pytest.raises(bellwether.InvalidArgumentError) as caught:
        list(stub.explain(ExplainRequest(supplier=Supplier(supplier_id=" "))))
    assert caught.value.reason == "SUPPLIER_ID"
