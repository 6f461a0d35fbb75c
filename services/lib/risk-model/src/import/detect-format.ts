import { ModelRefusedError } from "./model-refused-error.ts";

/** Formats that are read. */
export type ModelFormat = "onnx" | "xgboost-json" | "xgboost-ubjson" | "lightgbm-text";

/** Files that people bring and that are not read, by how they begin. */
const REFUSED: readonly (readonly [start: string, reason: string])[] = [
  ["\x80", "a Python pickle is a program, and running it is not reading a model; export it to ONNX"],
  ["\x1f\x8b", "the file is compressed (gzip); unpack it first"],
  ["PK\x03\x04", "a zip archive (a joblib, PyTorch or pickle container); export the model to ONNX"],
  ["CBM1", 'CatBoost\'s own binary format; save it with save_model(FILE, format="onnx")'],
  ["binf", "XGBoost's old binary format; save the model as .json or .ubj"],
  ["bs64", "XGBoost's old binary format in base64; save the model as .json or .ubj"],
  ["\x89HDF", "an HDF5 file, which holds no tree model"],
  ["<?xml", "PMML and other XML formats are not read; export the model to ONNX"],
];

/**
 * Tells the format from the first bytes; the name of a file proves nothing.
 * @throws ModelRefusedError a format that is known and not read.
 */
export function detectFormat(bytes: Uint8Array): ModelFormat {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  const known = REFUSED.find(([start]) => head.startsWith(start));
  if (known !== undefined) throw new ModelRefusedError("unsupported", known[1]);
  if (/^tree\r?\n/.test(head)) return "lightgbm-text";
  // UBJSON puts a length behind the brace, JSON a quote or blanks.
  if (/^\{[iUIlL#$]/.test(head)) return "xgboost-ubjson";
  if (/^\s*[{[]/.test(head)) return "xgboost-json";
  // The binary format of XGBoost before 1.0 begins with numbers and then names its objective and its booster.
  if (/(binary|multi|reg|rank|count|survival):[a-z]+[\s\S]*gb(tree|linear)/.test(head)) {
    throw new ModelRefusedError(
      "unsupported",
      "XGBoost's old binary format, which is not documented; load it with the XGBoost that wrote it and save it as .json or .ubj",
    );
  }
  return "onnx";
}
