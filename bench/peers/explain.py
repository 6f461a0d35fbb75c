"""Measures how fast other libraries compute the contributions of given tree models.

usage: explain.py FOLDER
FOLDER holds rows.f32 (float32 [rows, features]) and NAME.json per model:
{"features", "base", "rows", "trees": [{"feature", "threshold", "left", "right", "default_left", "cover", "value"}]}
where a row goes left when x <= threshold (float32). Prints one JSON object per model and library; one thread each,
data structures built before the clock starts, best of 3 after a warm-up.
"""

import ctypes
import json
import os
import sys
import time
from pathlib import Path

# One thread per library. OpenMP reads this variable when the libraries load.
os.environ["OMP_NUM_THREADS"] = "1"

import lightgbm
import numpy as np
import shap
import xgboost


def best_of(run, repeats=3, seconds=0.5):
    """Shortest time of one run, in seconds; short runs are repeated within a turn."""
    run()
    start = time.perf_counter()
    run()
    times = max(1, int(seconds / max(time.perf_counter() - start, 1e-9)))
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(times):
            run()
        best = min(best, (time.perf_counter() - start) / times)
    return best


def xgboost_booster(model):
    """The same trees in XGBoost's JSON, where a row goes left when x < threshold."""
    rows = xgboost.DMatrix(np.zeros((2, model["features"]), np.float32), label=[0, 1])
    blank = xgboost.train({"objective": "reg:squarederror", "base_score": 0.0, "max_depth": 1}, rows, 1)
    document = json.loads(blank.save_raw("json"))
    learner = document["learner"]
    learner["learner_model_param"]["base_score"] = f"[{model['base']:.9E}]"
    booster = learner["gradient_booster"]["model"]
    booster["trees"] = [xgboost_tree(i, tree, model["features"]) for i, tree in enumerate(model["trees"])]
    count = len(model["trees"])
    booster["tree_info"] = [0] * count
    booster["iteration_indptr"] = list(range(count + 1))
    booster["gbtree_model_param"]["num_trees"] = str(count)
    loaded = xgboost.Booster(model_file=bytearray(json.dumps(document).encode()))
    loaded.set_param({"nthread": 1})
    return loaded


def xgboost_tree(number, tree, features):
    left, right = np.array(tree["left"]), np.array(tree["right"])
    count = len(left)
    inner = left >= 0
    parents = np.full(count, 2147483647)
    parents[left[inner]] = np.flatnonzero(inner)
    parents[right[inner]] = np.flatnonzero(inner)
    above = np.nextafter(np.array(tree["threshold"], np.float32), np.float32(np.inf))
    conditions = np.where(inner, above, np.array(tree["value"], np.float32))
    return {
        "base_weights": [0.0] * count,
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "default_left": tree["default_left"],
        "id": number,
        "left_children": left.tolist(),
        "loss_changes": [0.0] * count,
        "parents": parents.tolist(),
        "right_children": right.tolist(),
        "split_conditions": [float(c) for c in conditions],
        "split_indices": [max(0, f) for f in tree["feature"]],
        "split_type": [0] * count,
        "sum_hessian": [float(c) for c in tree["cover"]],
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(features),
            "num_nodes": str(count),
            "size_leaf_vector": "1",
        },
    }


def lightgbm_booster(model):
    """The same trees in LightGBM's text format."""
    trees = [lightgbm_tree(i, tree) for i, tree in enumerate(model["trees"])]
    features = model["features"]
    header = [
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={features - 1}",
        "objective=regression",
        "feature_names=" + " ".join(f"Column_{i}" for i in range(features)),
        "feature_infos=" + " ".join(["[-1e30:1e30]"] * features),
        "tree_sizes=" + " ".join(str(len(tree)) for tree in trees),
        "",
        "",
    ]
    return lightgbm.Booster(model_str="\n".join(header) + "".join(trees) + "end of trees\n", params={"num_threads": 1})


def lightgbm_tree(number, tree):
    left, right = np.array(tree["left"]), np.array(tree["right"])
    inner, leaves = np.flatnonzero(left >= 0), np.flatnonzero(left < 0)
    place = np.zeros(len(left), int)
    place[inner] = np.arange(len(inner))
    place[leaves] = ~np.arange(len(leaves))
    # LightGBM stores counts as integers and computes its contributions from them.
    counts = np.maximum(1, np.round(np.array(tree["cover"]) * 1e6 / tree["cover"][0])).astype(int)
    of = lambda name, nodes: np.array(tree[name])[nodes]
    fields = {
        "num_leaves": [len(leaves)],
        "num_cat": [0],
        "split_feature": of("feature", inner),
        "split_gain": [1] * len(inner),
        "threshold": [repr(float(t)) for t in np.array(tree["threshold"], np.float32)[inner]],
        "decision_type": of("default_left", inner) * 2 + 8,
        "left_child": place[left[inner]],
        "right_child": place[right[inner]],
        "leaf_value": [repr(float(v)) for v in of("value", leaves)],
        "leaf_weight": counts[leaves],
        "leaf_count": counts[leaves],
        "internal_value": [0] * len(inner),
        "internal_weight": counts[inner],
        "internal_count": counts[inner],
        "is_linear": [0],
        "shrinkage": [1],
    }
    lines = [f"Tree={number}"] + [f"{key}={' '.join(map(str, values))}" for key, values in fields.items()]
    return "\n".join(lines) + "\n\n\n"


def shap_explainer(model):
    trees = [
        {
            "children_left": np.array(tree["left"], np.int32),
            "children_right": np.array(tree["right"], np.int32),
            "children_default": np.array(np.where(tree["default_left"], tree["left"], tree["right"]), np.int32),
            "features": np.array(tree["feature"], np.int32),
            "thresholds": np.array(tree["threshold"], np.float32).astype(np.float64),
            "values": np.array(tree["value"])[:, None],
            "node_sample_weight": np.array(tree["cover"]),
        }
        for tree in model["trees"]
    ]
    return shap.TreeExplainer({"trees": trees, "base_offset": model["base"]}, feature_perturbation="tree_path_dependent")


def c_api_one_row(booster, row):
    """Seconds for one row through xgboost's C API alone: the DMatrix is ready, Python only loops."""
    matrix = xgboost.DMatrix(row.reshape(1, -1), nthread=1)
    library = xgboost.core._LIB
    config = ctypes.c_char_p(
        json.dumps({"type": 2, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False}).encode()
    )
    shape, dimensions, result = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64(), ctypes.POINTER(ctypes.c_float)()
    arguments = (booster.handle, matrix.handle, config, ctypes.byref(shape), ctypes.byref(dimensions), ctypes.byref(result))
    call = library.XGBoosterPredictFromDMatrix

    def run():
        if call(*arguments) != 0:
            raise RuntimeError("XGBoosterPredictFromDMatrix failed")

    return best_of(run)


def tell(**fields):
    print(json.dumps(fields), flush=True)


def main(folder):
    for path in sorted(folder.glob("*.json")):
        model = json.loads(path.read_text())
        rows = np.fromfile(folder / "rows.f32", np.float32).reshape(-1, model["features"])[: model["rows"]]
        booster = xgboost_booster(model)
        matrix = xgboost.DMatrix(rows, nthread=1)
        values = booster.predict(matrix, pred_contribs=True)[:, :-1]
        values.astype(np.float32).tofile(folder / f"{path.stem}.xgboost.f32")
        seconds = best_of(lambda: booster.predict(matrix, pred_contribs=True))
        single = xgboost.DMatrix(rows[:1], nthread=1)
        tell(
            model=path.stem,
            peer="xgboost",
            version=xgboost.__version__,
            rows_per_second=len(rows) / seconds,
            row_us=best_of(lambda: booster.predict(single, pred_contribs=True)) * 1e6,
            c_api_row_us=c_api_one_row(booster, rows[0]) * 1e6,
        )
        few = rows[: max(16, len(rows) // 32)].astype(np.float64)
        explainer = shap_explainer(model)
        run = lambda: explainer.shap_values(few, check_additivity=False)
        tell(
            model=path.stem,
            peer="shap",
            version=shap.__version__,
            rows_per_second=len(few) / best_of(run),
            difference=float(np.abs(run().reshape(len(few), -1) - values[: len(few)]).max()),
        )
        light = lightgbm_booster(model)
        run = lambda: light.predict(few, pred_contrib=True, num_threads=1)
        tell(
            model=path.stem,
            peer="lightgbm",
            version=lightgbm.__version__,
            rows_per_second=len(few) / best_of(run),
            difference=float(np.abs(run()[:, :-1] - values[: len(few)]).max()),
        )


main(Path(sys.argv[1]))
