"""Trains and exports every kind of model of the support matrix.  usage: make_models.py OUT [--small]"""

import importlib.metadata
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "2"

import catboost
import lightgbm
import numpy as np
import onnxmltools
import pandas
import xgboost
from kinds import BACKGROUND, ROUNDS, ROWS, Writer, attempt, interventional, tied
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType as SkFloat
from skl2onnx.common.data_types import StringTensorType as SkString
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

out = Writer(sys.argv[1])
random = np.random.default_rng(11)
N = 1_200
X = random.normal(size=(N, 5)).astype(np.float32)
X[:, 4] = np.round(X[:, 4] * 3)
GAPS = X.copy()
GAPS[random.random(X.shape) < 0.15] = np.nan
SIGNAL = X[:, 0] + X[:, 1] * X[:, 2] + 0.3 * X[:, 4]
TWO = (SIGNAL + random.normal(size=N) * 0.5 > 0.3).astype(int)
THREE = np.digitize(SIGNAL, [-0.8, 0.8])
NUMBER = SIGNAL * 3 + X[:, 1] ** 2 + 5
COUNTS = np.abs(NUMBER).round()
CODE = random.integers(0, 12, N)
CODED = np.c_[X[:, 0], CODE, X[:, 1]].astype(np.float32)
BY_CODE = ((CODE % 3 == 0) * 2 + X[:, 0] > 1).astype(int)
NAMES = np.array(["DE", "FR", "IT", "PL", "ES", "SE"])
FRAME = pandas.DataFrame({"country": pandas.Categorical(NAMES[CODE % 6]), "spend": X[:, 0], "delay": X[:, 1]})
FRAME_CODES = np.c_[FRAME.country.cat.codes, X[:, 0], X[:, 1]].astype(np.float32)
# Characters of 1, 2, 3 and 4 bytes in UTF-8, and a text that is the start of another one.
WIDE_NAMES = np.array(["Chemie", "Geh", "Gehäuse", "Ångström", "物流 €", "🚚"])
WIDE = FRAME.assign(country=pandas.Categorical(WIDE_NAMES[CODE % 6]))
WIDE_CODES = np.c_[WIDE.country.cat.codes, X[:, 0], X[:, 1]].astype(np.float32)
SEED = {"random_state": 0}
TREES = {"n_estimators": ROUNDS, "max_depth": 4, **SEED}


def columns(rows):
    return [f"f{c}" for c in range(np.shape(rows)[1])]


# scikit-learn


def sklearn_thresholds(model, found=None):
    found = {} if found is None else found
    if hasattr(model, "tree_"):
        for column, value in zip(model.tree_.feature, model.tree_.threshold, strict=True):
            if column >= 0:
                found.setdefault(int(column), []).append(value)
    parts = getattr(model, "estimators_", [])
    for part in parts.ravel() if isinstance(parts, np.ndarray) else parts:
        sklearn_thresholds(part, found)
    for predictors in getattr(model, "_predictors", []):
        for predictor in predictors:
            for node in predictor.nodes:
                if not node["is_leaf"] and not node["is_categorical"]:
                    found.setdefault(int(node["feature_idx"]), []).append(node["num_threshold"])
    return found


def sklearn_kind(what, model, rows, target, explained=None, factor=1, **options):
    """`explained`: returns the estimator that shap explains, and the function that turns rows into its columns; None: the model itself."""
    model.fit(rows, target)
    estimator, transform = (model, lambda x: x) if explained is None else explained(model)
    test = rows[-ROWS:] if explained is not None else tied(rows[-ROWS:], sklearn_thresholds(model), random)
    data = attempt(lambda: to_onnx(model, rows[:1].astype(np.float32), **options).SerializeToString())
    answer = attempt(lambda: model.predict_proba(test) if hasattr(model, "predict_proba") else model.predict(test))
    parts = {} if isinstance(answer, Exception) else {"predictions": answer}
    shown = interventional(estimator, transform(rows[-ROWS:]), transform(rows[:BACKGROUND]), factor=factor)
    if "explained" in shown:
        shown["explained"] = rows[-ROWS:]
    out.add("scikit-learn", what, "ONNX", data, columns=columns(rows), rows=test, background=rows[:BACKGROUND], **parts, **shown)


def behind_scaler(model):
    *steps, last = [step for _, step in model.steps]

    def transform(rows):
        for step in steps:
            rows = step.transform(rows)
        return np.asarray(rows, dtype=np.float32)

    return last, transform


sklearn_kind("random forest classifier", RandomForestClassifier(**TREES), X, TWO)
sklearn_kind("random forest classifier, missing values", RandomForestClassifier(**TREES), GAPS, TWO)
sklearn_kind("random forest regressor", RandomForestRegressor(**TREES), X, NUMBER)
sklearn_kind("random forest regressor, large targets", RandomForestRegressor(**TREES), X, NUMBER * 1000)
sklearn_kind("random forest regressor, 2 targets", RandomForestRegressor(**TREES), X, np.c_[NUMBER, -NUMBER])
sklearn_kind("extra trees, 3 classes", ExtraTreesClassifier(**TREES), X, THREE)
sklearn_kind("decision tree, named classes", DecisionTreeClassifier(max_depth=4, **SEED), X, np.array(["bad", "good"])[TWO])
sklearn_kind("gradient boosting classifier", GradientBoostingClassifier(**TREES), X, TWO)
sklearn_kind("gradient boosting, 3 classes", GradientBoostingClassifier(**TREES), X, THREE)
sklearn_kind("gradient boosting, exponential loss", GradientBoostingClassifier(loss="exponential", **TREES), X, TWO, factor=2)
sklearn_kind("gradient boosting regressor", GradientBoostingRegressor(**TREES), X, NUMBER)
HISTOGRAM = {"max_iter": ROUNDS, "max_depth": 4, **SEED}
sklearn_kind("histogram boosting, missing values", HistGradientBoostingClassifier(**HISTOGRAM), GAPS, TWO)
sklearn_kind("histogram boosting regressor", HistGradientBoostingRegressor(**HISTOGRAM), GAPS, NUMBER)
sklearn_kind("histogram boosting, Poisson", HistGradientBoostingRegressor(loss="poisson", **HISTOGRAM), X, COUNTS)
sklearn_kind("histogram boosting, 3 classes", HistGradientBoostingClassifier(**HISTOGRAM), GAPS, THREE)
sklearn_kind("histogram boosting, categories", HistGradientBoostingClassifier(categorical_features=[1], **HISTOGRAM), CODED, BY_CODE)
sklearn_kind("voting regressor", VotingRegressor([("f", RandomForestRegressor(**TREES)), ("b", GradientBoostingRegressor(**TREES))]), X, NUMBER)
sklearn_kind("voting classifier, soft", VotingClassifier([("f", RandomForestClassifier(**TREES)), ("e", ExtraTreesClassifier(**TREES))], voting="soft"), X, TWO)
sklearn_kind("bagging classifier", BaggingClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=5, **SEED), X, TWO)
sklearn_kind("standard scaler + boosting", make_pipeline(StandardScaler(), GradientBoostingClassifier(**TREES)), X, TWO, behind_scaler)
sklearn_kind("min-max scaler + boosting regressor", make_pipeline(MinMaxScaler(), GradientBoostingRegressor(**TREES)), X, NUMBER, behind_scaler)
sklearn_kind("imputer + scaler + forest", make_pipeline(SimpleImputer(), StandardScaler(), RandomForestClassifier(**TREES)), GAPS, TWO, behind_scaler)
sklearn_kind("calibrated forest", CalibratedClassifierCV(RandomForestClassifier(**TREES), cv=2), X, TWO)
sklearn_kind("AdaBoost", AdaBoostClassifier(n_estimators=5, **SEED), X, TWO)
sklearn_kind("isolation forest", IsolationForest(n_estimators=5, max_samples=64, **SEED), X, TWO, target_opset={"": 17, "ai.onnx.ml": 3})


def sklearn_texts(what, encoder, shown):
    """`shown`: how the imported model takes the text column: "indicators" (one per text) or "codes"."""
    table = pandas.DataFrame({"spend": X[:, 0], "delay": X[:, 1], "region": NAMES[CODE % 6]})
    steps = ColumnTransformer([("n", StandardScaler(), ["spend", "delay"]), ("t", encoder, ["region"])])
    model = make_pipeline(steps, RandomForestClassifier(**TREES)).fit(table, TWO)
    types = [("spend", SkFloat([None, 1])), ("delay", SkFloat([None, 1])), ("region", SkString([None, 1]))]
    data = attempt(lambda: convert_sklearn(model, initial_types=types).SerializeToString())
    test = table[-ROWS:]
    last, transform = behind_scaler(model)
    explained = interventional(last, transform(test), transform(table[:BACKGROUND]))
    explained.pop("explained", None)
    if "contributions" in explained and shown == "indicators":
        # One feature's contribution is the sum over its indicators.
        values = explained["contributions"]
        explained["contributions"] = np.c_[values[:, :2], values[:, 2:].sum(axis=1)]
    names = ["spend", "delay", "region"]
    out.add("scikit-learn", what, "ONNX", data, columns=names, rows=test[names].values.tolist(), background=table[:BACKGROUND][names].values.tolist(), predictions=model.predict_proba(test), **explained)


sklearn_texts("scaler + one-hot text + forest", OneHotEncoder(handle_unknown="ignore"), "indicators")
sklearn_texts("scaler + label-encoded text + forest", OrdinalEncoder(), "codes")



def sklearn_text_matrix(what, encoder, sums):
    """All columns are texts of one input. `sums`: the encoded columns of each text column."""
    texts = np.c_[NAMES[CODE % 6], np.where(X[:, 0] > 0, "high", "low")].astype(object)
    model = make_pipeline(encoder, RandomForestClassifier(**TREES)).fit(texts, TWO)
    data = attempt(lambda: convert_sklearn(model, initial_types=[("X", SkString([None, 2]))]).SerializeToString())
    test = texts[-ROWS:]
    last, transform = behind_scaler(model)
    dense = lambda rows: np.asarray(transform(rows), dtype=np.float32)  # noqa: E731
    explained = interventional(last, dense(test), dense(texts[:BACKGROUND]))
    explained.pop("explained", None)
    if "contributions" in explained:
        parts = np.split(explained["contributions"], np.cumsum(sums)[:-1], axis=1)
        explained["contributions"] = np.c_[tuple(part.sum(axis=1) for part in parts)]
    out.add("scikit-learn", what, "ONNX", data, columns=["X_0", "X_1"], rows=test.tolist(), background=texts[:BACKGROUND].tolist(), predictions=model.predict_proba(test), **explained)


sklearn_text_matrix("label-encoded texts of one input + forest", OrdinalEncoder(), [1, 1])
sklearn_text_matrix("one-hot texts of one input + forest", OneHotEncoder(sparse_output=False), [6, 2])

# XGBoost


def frame_thresholds(frame, column, split):
    found = {}
    for name, value in zip(frame[column], frame[split], strict=True):
        digits = "".join(filter(str.isdigit, str(name)))
        if digits and value == value and str(value) != "None" and "|" not in str(value):
            found.setdefault(int(digits), []).append(float(value))
    return found


def saved(booster, form):
    return bytes(booster.save_raw(raw_format=form))


def xgboost_kind(what, parameters, rows, target, forms=("json", "onnx"), rounds=ROUNDS, matrix=None, codes=None, wrap=None, expects=True):
    """`codes`: rows as numbers, where `rows` is a data frame. `wrap`: the class that the ONNX converter accepts."""
    make = matrix or (lambda x, y: xgboost.DMatrix(x, label=y, enable_categorical=True))
    booster = xgboost.train({"max_depth": 4, "seed": 0, "nthread": 1, **parameters}, make(rows, target), rounds)
    numbers = rows if codes is None else codes
    thresholds = attempt(lambda: frame_thresholds(booster.trees_to_dataframe(), "Feature", "Split"))
    test = numbers[-ROWS:] if codes is not None or isinstance(thresholds, Exception) else tied(numbers[-ROWS:], thresholds, random)
    given = xgboost.DMatrix(rows[-ROWS:] if codes is not None else test, enable_categorical=True)
    parts = {"columns": list(rows.columns) if codes is not None else columns(numbers), "rows": test}
    texts = {} if codes is None else {"rows": rows[-ROWS:].to_numpy(dtype=object)}
    if expects:
        parts["predictions"] = booster.predict(given)
    shown = attempt(lambda: booster.predict(given, pred_contribs=True))
    for form in forms:
        if form != "onnx":
            native = {"without": f"XGBoost does not explain it: {str(shown)[:100]}"} if isinstance(shown, Exception) else {}
            if not native and not np.isfinite(shown).all():
                native = {"without": "XGBoost's own contributions are not finite"}
            if not native and np.ndim(shown) == 3:
                shown = shown[:, -1]
            if not native and np.ndim(shown) == 2:
                native = {"contributions": shown[:, :-1], "base": float(shown[0, -1])}
            out.add("XGBoost", what, f"XGBoost {'JSON' if form == 'json' else 'UBJSON'}", saved(booster, form), **{**parts, **texts}, **native)
            continue
        data = attempt(lambda: onnxmltools.convert_xgboost(booster if wrap is None else wrap(booster), initial_types=[("X", FloatTensorType([None, numbers.shape[1]]))]).SerializeToString())
        explained = interventional(booster, numbers[-ROWS:], numbers[:BACKGROUND])
        out.add("XGBoost", what, "ONNX", data, **parts, **explained, background=numbers[:BACKGROUND])


BOTH = ("json", "ubj", "onnx")
xgboost_kind("classifier, missing values", {"objective": "binary:logistic"}, GAPS, TWO, BOTH)
xgboost_kind("classifier, base_score given", {"objective": "binary:logistic", "base_score": 0.2}, X, TWO)
xgboost_kind("classifier, raw scores (logitraw)", {"objective": "binary:logitraw", "base_score": 0.3}, X, TWO)
xgboost_kind("classifier, labels of one class", {"objective": "binary:logistic"}, X, np.zeros(N))
xgboost_kind("3 classes", {"objective": "multi:softprob", "num_class": 3}, GAPS, THREE, BOTH)
xgboost_kind("regressor", {"objective": "reg:squarederror"}, GAPS, NUMBER)
xgboost_kind("regressor, large targets", {"objective": "reg:squarederror"}, GAPS, NUMBER * 1000)
xgboost_kind("regressor, absolute error", {"objective": "reg:absoluteerror"}, GAPS, NUMBER)
xgboost_kind("regressor, pseudo Huber", {"objective": "reg:pseudohubererror"}, GAPS, NUMBER, ("json",))
xgboost_kind("regressor, squared log error", {"objective": "reg:squaredlogerror"}, GAPS, COUNTS, ("json",))
xgboost_kind("regressor of shares", {"objective": "reg:logistic"}, X, TWO * 0.8 + 0.1, ("json",))
xgboost_kind("2 quantiles", {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.9]}, X, NUMBER, ("json",))
xgboost_kind("Poisson regressor", {"objective": "count:poisson"}, X, COUNTS, BOTH)
xgboost_kind("gamma regressor", {"objective": "reg:gamma"}, X, COUNTS + 1)
xgboost_kind("Tweedie regressor", {"objective": "reg:tweedie"}, X, COUNTS)
xgboost_kind("random forest", {"objective": "binary:logistic", "num_parallel_tree": 4, "subsample": 0.7, "learning_rate": 1}, X, TWO, rounds=1)
xgboost_kind("exact splits", {"objective": "binary:logistic", "tree_method": "exact"}, GAPS, TWO)
xgboost_kind("dart", {"objective": "binary:logistic", "booster": "dart", "rate_drop": 0.4}, X, TWO, BOTH)
xgboost_kind("monotone", {"objective": "binary:logistic", "monotone_constraints": "(1,0,0,0,0)"}, X, TWO, ("json",))
xgboost_kind("category texts", {"objective": "binary:logistic", "max_cat_to_onehot": 2}, FRAME, BY_CODE, BOTH, codes=FRAME_CODES)
xgboost_kind("category texts, not ASCII", {"objective": "binary:logistic", "max_cat_to_onehot": 2}, WIDE, BY_CODE, ("json", "ubj"), codes=WIDE_CODES)
ranked = lambda x, y: xgboost.DMatrix(x, label=y, group=[60] * (N // 60))  # noqa: E731
xgboost_kind("ranker", {"objective": "rank:ndcg"}, X, THREE, matrix=ranked)
survival = lambda x, y: xgboost.DMatrix(x, label_lower_bound=y + 1, label_upper_bound=y + 2)  # noqa: E731
xgboost_kind("survival, accelerated failure time", {"objective": "survival:aft"}, X, COUNTS, ("json",), matrix=survival)
xgboost_kind("survival, Cox", {"objective": "survival:cox"}, X, COUNTS + 1, ("json",))
xgboost_kind("hinge loss", {"objective": "binary:hinge"}, X, TWO, ("json",))
xgboost_kind("multi_output_tree", {"multi_strategy": "multi_output_tree"}, X, np.c_[NUMBER, -NUMBER], ("json",), expects=False)
xgboost_kind("gblinear", {"booster": "gblinear"}, X, NUMBER, ("json",))
dumped = xgboost.train({"max_depth": 2}, xgboost.DMatrix(X, NUMBER), 2)
out.add("XGBoost", "dump_model", "XGBoost dump", json.dumps([json.loads(tree) for tree in dumped.get_dump(dump_format="json")]).encode(), columns=columns(X), rows=X[:ROWS])

# LightGBM


def lightgbm_kind(what, parameters, rows, target, forms=("text", "onnx"), categories="auto", codes=None, data=None, wrap=lightgbm.LGBMRegressor, average=1, explains=True, split=None, factor=1):
    """`average`: number of rounds; the model returns their mean, and LightGBM explains their sum."""
    settings = {"num_leaves": 15, "min_data_in_leaf": 5, "verbose": -1, "seed": 0, "num_threads": 1, "deterministic": True, **parameters}
    train = lightgbm.Dataset(rows, target, categorical_feature=categories, free_raw_data=False, **(data or {}))
    booster = lightgbm.train(settings, train, ROUNDS)
    numbers = rows if codes is None else codes
    frame = booster.trees_to_dataframe()
    numeric = frame[frame.decision_type == "<="]
    is_coded = codes is not None or categories != "auto"
    test = numbers[-ROWS:] if is_coded else tied(numbers[-ROWS:], frame_thresholds(numeric, "split_feature", "threshold"), random)
    given = rows[-ROWS:] if codes is not None else test.astype(np.float64)
    names = list(rows.columns) if codes is not None else [f"Column_{c}" for c in range(numbers.shape[1])]
    parts = {"columns": names, "rows": test, "predictions": booster.predict(given)}
    for form in forms:
        if form == "text":
            shown = booster.predict(given, pred_contrib=True) * factor / average if explains else np.empty((0, 0))
            if parameters["objective"] == "multiclass":
                shown = shown.reshape(len(shown), parameters["num_class"], -1)[:, -1]
            is_one = shown.shape[1] == numbers.shape[1] + 1
            native = {"contributions": shown[:, :-1], "base": float(shown[0, -1])} if is_one else {}
            text = booster.model_to_string(num_iteration=-1).encode()
            texts = {} if codes is None else {"rows": rows[-ROWS:].to_numpy(dtype=object)}
            out.add("LightGBM", what, "LightGBM text", text, **{**parts, **texts}, **native)
            continue
        options = {} if split is None else {"split": split}
        converted = attempt(lambda: onnxmltools.convert_lightgbm(booster, initial_types=[("X", FloatTensorType([None, numbers.shape[1]]))], **options).SerializeToString())
        explained = interventional(booster, numbers[-ROWS:], numbers[:BACKGROUND])
        out.add("LightGBM", what, "ONNX", converted, **parts, **explained, background=numbers[:BACKGROUND])


SPARSE = np.where(np.abs(X) < 0.3, 0, X).astype(np.float32)
lightgbm_kind("classifier, missing values", {"objective": "binary"}, GAPS, TWO)
lightgbm_kind("classifier, sigmoid 0.7", {"objective": "binary", "sigmoid": 0.7}, X, TWO, factor=0.7)
lightgbm_kind("classifier, missing or not (infinite thresholds)", {"objective": "binary"}, np.where(np.isnan(GAPS), np.nan, np.sign(X)).astype(np.float32), np.isnan(GAPS[:, 0]).astype(int) | TWO)
lightgbm_kind("3 classes", {"objective": "multiclass", "num_class": 3}, GAPS, THREE)
lightgbm_kind("one against all, 3 classes", {"objective": "multiclassova", "num_class": 3}, X, THREE)
lightgbm_kind("regressor", {"objective": "regression"}, GAPS, NUMBER)
lightgbm_kind("regressor, large targets", {"objective": "regression"}, GAPS, NUMBER * 1000)
lightgbm_kind("regressor, split export", {"objective": "regression"}, X, NUMBER, ("onnx",), split=1)
for objective in ["regression_l1", "huber", "fair", "quantile", "mape"]:
    lightgbm_kind(f"regressor, {objective}", {"objective": objective}, X, NUMBER, ("text",))
lightgbm_kind("Poisson regressor", {"objective": "poisson"}, X, COUNTS)
lightgbm_kind("gamma regressor", {"objective": "gamma"}, X, COUNTS + 1)
lightgbm_kind("Tweedie regressor", {"objective": "tweedie"}, X, COUNTS)
lightgbm_kind("cross entropy", {"objective": "cross_entropy"}, X, TWO * 0.8 + 0.1)
lightgbm_kind("cross_entropy_lambda", {"objective": "cross_entropy_lambda"}, X, TWO * 0.8 + 0.1, ("text",))
lightgbm_kind("categories", {"objective": "binary", "min_data_per_group": 5, "cat_smooth": 1}, CODED, BY_CODE, categories=[1])
lightgbm_kind("category texts", {"objective": "binary", "min_data_per_group": 5, "cat_smooth": 1}, FRAME, BY_CODE, codes=FRAME_CODES)
lightgbm_kind("category texts, not ASCII", {"objective": "binary", "min_data_per_group": 5, "cat_smooth": 1}, WIDE, BY_CODE, ("text",), codes=WIDE_CODES)
lightgbm_kind("zero_as_missing", {"objective": "binary", "zero_as_missing": True, "num_leaves": 31}, SPARSE, TWO)
lightgbm_kind("use_missing=False", {"objective": "binary", "use_missing": False}, GAPS, TWO)


def with_empty_leaf(text):
    """The text of a LightGBM model with the first leaf of each tree at a count of 0, and the counts above it reduced."""
    lines = text.split("\n")
    at = {}
    for number, line in enumerate(lines):
        key, _, values = line.partition("=")
        at[key] = (number, values.split(" "))
        if key != "internal_count":
            continue
        counts = list(map(int, at["leaf_count"][1]))
        inner = list(map(int, values.split(" ")))
        parents = {int(child): node for side in ["left_child", "right_child"] for node, child in enumerate(at[side][1])}
        node = parents.get(~0)
        while node is not None:
            inner[node] -= counts[0]
            node = parents.get(node)
        counts[0] = 0
        lines[at["leaf_count"][0]] = "leaf_count=" + " ".join(map(str, counts))
        lines[number] = "internal_count=" + " ".join(map(str, inner))
    # The sizes of the trees in bytes have changed. LightGBM reads a file without them.
    return "\n".join(line for line in lines if not line.startswith("tree_sizes="))


def lightgbm_empty_leaves():
    settings = {"objective": "binary", "num_leaves": 15, "verbose": -1, "seed": 0}
    trained = lightgbm.train(settings, lightgbm.Dataset(X, TWO), ROUNDS)
    text = with_empty_leaf(trained.model_to_string())
    booster = lightgbm.Booster(model_str=text)
    test = X[-ROWS:]
    given = test.astype(np.float64)
    parts = {"columns": columns(X), "rows": test, "predictions": booster.predict(given)}
    is_nan = np.isnan(booster.predict(given, pred_contrib=True)).any()
    without = "LightGBM's own contributions are NaN where a leaf is empty" if is_nan else ""
    out.add("LightGBM", "empty leaves", "LightGBM text", text.encode(), **parts, without=without)


lightgbm_empty_leaves()
lightgbm_kind("dart", {"objective": "binary", "boosting": "dart", "drop_rate": 0.4}, X, TWO)
lightgbm_kind("random forest", {"objective": "binary", "boosting": "rf", "bagging_fraction": 0.7, "bagging_freq": 1}, X, TWO, average=ROUNDS)
lightgbm_kind("ranker", {"objective": "lambdarank"}, X, THREE, ("text",), data={"group": [60] * (N // 60)})
lightgbm_kind("monotone", {"objective": "binary", "monotone_constraints": [1, 0, 0, 0, 0]}, X, TWO, ("text",))
lightgbm_kind("linear_tree", {"objective": "regression", "linear_tree": True}, X, NUMBER, ("text",), explains=False)
lightgbm_kind("reg_sqrt", {"objective": "regression", "reg_sqrt": True}, X, COUNTS, ("text",))
unused = lightgbm.train({"verbose": -1, "objective": "regression"}, lightgbm.Dataset(X, NUMBER), 2)
out.add("LightGBM", "dump_model", "LightGBM JSON", json.dumps(unused.dump_model()).encode(), columns=columns(X), rows=X[:ROWS])

# CatBoost

SETTINGS = {"iterations": ROUNDS, "depth": 4, "verbose": 0, "allow_writing_files": False, "random_seed": 0, "thread_count": 2}


def catboost_kind(what, model, rows, target, form="onnx", **fit):
    model.fit(rows, target, **fit)
    numbers = np.asarray(rows, dtype=np.float32) if not isinstance(rows, pandas.DataFrame) else FRAME_CODES
    borders = {} if isinstance(rows, pandas.DataFrame) else attempt(lambda: model.get_borders())
    test = tied(numbers[-ROWS:], borders if isinstance(borders, dict) else {}, random)

    def export():
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"model.{form}"
            model.save_model(str(file), format=form)
            return file.read_bytes()

    named = {"onnx": "ONNX", "cbm": "CatBoost binary", "json": "CatBoost JSON"}[form]
    given = rows[-ROWS:] if isinstance(rows, pandas.DataFrame) else test
    answer = model.predict_proba(given) if isinstance(model, catboost.CatBoostClassifier) else model.predict(given)
    explained = {} if isinstance(rows, pandas.DataFrame) else interventional(model, numbers[-ROWS:], numbers[:BACKGROUND], isolate=True)
    # shap leaves out the constant that CatBoost adds to its trees.
    bias = model.get_scale_and_bias()[1] if "base" in explained else 0
    if isinstance(bias, float):
        explained = {**explained, **({"base": explained["base"] + bias} if "base" in explained else {})}
    out.add("CatBoost", what, named, attempt(export), columns=columns(numbers), rows=test, predictions=answer, **explained, background=numbers[:BACKGROUND])


catboost_kind("classifier", catboost.CatBoostClassifier(**SETTINGS), GAPS, TWO)
catboost_kind("3 classes", catboost.CatBoostClassifier(**SETTINGS), X, THREE)
catboost_kind("regressor, nan_mode=Max", catboost.CatBoostRegressor(nan_mode="Max", **SETTINGS), GAPS, NUMBER)
catboost_kind("regressor, large targets", catboost.CatBoostRegressor(**SETTINGS), X, NUMBER * 1000)
catboost_kind("regressor, leaf-wise trees", catboost.CatBoostRegressor(grow_policy="Lossguide", **SETTINGS), X, NUMBER)
catboost_kind("Poisson regressor", catboost.CatBoostRegressor(loss_function="Poisson", **SETTINGS), X, COUNTS)
catboost_kind("classifier, boost_from_average", catboost.CatBoostClassifier(boost_from_average=True, **SETTINGS), X, (X[:, 0] > 1).astype(int))
catboost_kind("category texts", catboost.CatBoostClassifier(**SETTINGS), FRAME, BY_CODE, cat_features=["country"])
catboost_kind("own binary format", catboost.CatBoostRegressor(**SETTINGS), X, NUMBER, "cbm")
catboost_kind("own JSON", catboost.CatBoostRegressor(**SETTINGS), X, NUMBER, "json")

PACKAGES = ["catboost", "lightgbm", "onnxmltools", "scikit-learn", "shap", "skl2onnx", "xgboost-cpu"]
out.finish({package: importlib.metadata.version(package) for package in PACKAGES})
