"""Writes each kind of model of the support matrix: its file, 200 rows, the trainer's answers and contributions.

A kind is written to OUT as one line of kinds.jsonl:
  trainer, what       the row of the matrix
  form                "ONNX", "XGBoost JSON", "XGBoost UBJSON", "LightGBM text", "CatBoost binary", …
  file                name in OUT; null: the exporter writes no file, `reason` says why
  columns             names of the model's columns
  rows                200 rows of float32 values: numbers, null where missing, texts where the file takes texts
  predictions         the trainer's answers: one number per row, or one per class
  explained           rows that the contributions belong to; left out: `rows`. shap keeps thresholds as float32 and misreads rows on them
  contributions       the trainer's own (native files), or shap's interventional ones against `background`; for the last class
  base                expected value of the contributions
  without             why there are no contributions to compare with
  background          100 rows, for ONNX
"""

import json
import multiprocessing
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import shap

warnings.filterwarnings("ignore")
# With --small: a few kinds with small models, which are committed.
IS_SMALL = "--small" in sys.argv
ROWS = 24 if IS_SMALL else 200
BACKGROUND = 24 if IS_SMALL else 100
ROUNDS = 3 if IS_SMALL else 12
SMALL = {
    ("scikit-learn", "scaler + label-encoded text + forest", "ONNX"),
    ("scikit-learn", "label-encoded texts of one input + forest", "ONNX"),
    ("scikit-learn", "one-hot texts of one input + forest", "ONNX"),
    ("scikit-learn", "histogram boosting, categories", "ONNX"),
    ("scikit-learn", "histogram boosting, missing values", "ONNX"),
    ("XGBoost", "classifier, raw scores (logitraw)", "XGBoost JSON"),
    ("XGBoost", "classifier, labels of one class", "XGBoost JSON"),
    ("XGBoost", "classifier, missing values", "ONNX"),
    ("XGBoost", "regressor, large targets", "XGBoost JSON"),
    ("XGBoost", "dart", "XGBoost JSON"),
    ("XGBoost", "category texts", "XGBoost UBJSON"),
    ("XGBoost", "category texts, not ASCII", "XGBoost JSON"),
    ("XGBoost", "category texts, not ASCII", "XGBoost UBJSON"),
    ("LightGBM", "classifier, missing or not (infinite thresholds)", "LightGBM text"),
    ("LightGBM", "regressor, large targets", "LightGBM text"),
    ("LightGBM", "category texts", "LightGBM text"),
    ("LightGBM", "category texts, not ASCII", "LightGBM text"),
    ("LightGBM", "zero_as_missing", "LightGBM text"),
    ("LightGBM", "empty leaves", "LightGBM text"),
    ("CatBoost", "classifier", "ONNX"),
    ("XGBoost", "dump_model", "XGBoost dump"),
}


class Writer:
    """Collects kinds in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lines = []

    def add(self, trainer, what, form, data, **parts):
        """`data`: bytes of the file, or an exception of the exporter."""
        if IS_SMALL and (trainer, what, form) not in SMALL:
            return
        file, reason = None, None
        if isinstance(data, bytes):
            file = f"{len(self.lines):03d}.model"
            (self.folder / file).write_bytes(data)
        else:
            reason = f"{type(data).__name__}: {data}".split("\n")[0][:160]
        line = {"trainer": trainer, "what": what, "form": form, "file": file, "reason": reason}
        self.lines.append({**line, **{key: plain(value) for key, value in parts.items()}})

    def finish(self, versions):
        lines = [{"versions": versions}, *self.lines]
        (self.folder / "kinds.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def plain(value):
    """Converts an array to lists of numbers, texts and nulls."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return None if value != value else float(value)
    return value.item() if isinstance(value, np.generic) else value


def attempt(make):
    """Returns the result of `make`, or the exception that it raises."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 any failure of an exporter or explainer is a result here
        return error


def tied(rows, thresholds, random, share=0.3):
    """Half of the rows with some cells moved exactly onto a threshold of the model, as float32."""
    rows = np.array(rows, dtype=np.float32)
    half = np.arange(len(rows)) % 2 == 0
    for column, values in thresholds.items():
        values = np.unique(np.asarray(values, dtype=np.float32))
        values = values[np.isfinite(values)]
        if column >= rows.shape[1] or len(values) == 0:
            continue
        hit = half & (random.random(len(rows)) < share)
        rows[hit, column] = random.choice(values, hit.sum())
    return rows


def apart(make, seconds=60):
    """Returns the result of `make`, called in a separate process: shap's reader of CatBoost models can end its process."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(attempt(make)), daemon=True)
    process.start()
    sender.close()
    try:
        found = receiver.recv() if receiver.poll(seconds) else None
    except EOFError:
        found = None
    process.kill()
    process.join()
    return found if found is not None else RuntimeError("it ends the process that explains")


def interventional(model, rows, background, isolate=False, factor=1):
    """Contributions and their base from shap's interventional explainer, or the reason why there are none. `factor`: served margin divided by the margin that shap explains."""

    def explain():
        explainer = shap.TreeExplainer(model, background, feature_perturbation="interventional", model_output="raw")
        values = np.asarray(explainer.shap_values(rows, check_additivity=False))
        if values.ndim == 3:
            values = values[:, :, -1]
        base = float(np.ravel(explainer.expected_value)[-1])
        if values.shape != rows.shape or not np.isfinite([base, *values.ravel()]).all():
            raise ValueError("shap gives no finite number for each column")
        return {"explained": rows, "contributions": values * factor, "base": base * factor}

    found = apart(explain) if isolate else attempt(explain)
    if isinstance(found, Exception):
        return {"without": f"shap does not explain it: {str(found).split(chr(10))[0][:100]}"}
    return found


# For histogram boosting skl2onnx passes numpy integers to protobuf, which does not accept them.
_make_attribute = onnx.helper.make_attribute


def _make(key, value, *args, **options):
    has_numpy = isinstance(value, list) and any(isinstance(item, np.integer) for item in value)
    return _make_attribute(key, [int(item) for item in value] if has_numpy else value, *args, **options)


onnx.helper.make_attribute = _make
