import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";

/** Formats that can be read. */
export type ModelFormat = "onnx" | "xgboost-json" | "xgboost-ubjson" | "lightgbm-text";

const TO_ONNX =
  "export the model to ONNX, or save it in its trainer's own format (XGBoost .json or .ubj, LightGBM text)";
const PICKLE = `a Python pickle (joblib writes them too) is a program, and running it is not reading a model; ${TO_ONNX}`;

/** Known formats that cannot be read, by the first bytes of the file, with the reason. */
const REJECTED: readonly (readonly [start: string | RegExp, reason: string])[] = [
  // Pickle protocols 2 and later; files of protocols 0 and 1 begin with an opcode and the name of a module.
  ["\x80", PICKLE],
  [/^c[a-z_][\w.]*\n\w+\n[pq(]|^\(dp0\n|^\(lp0\n/, PICKLE],
  ...["x\x01", "x\x5e", "x\x9c", "x\xda"].map((start): readonly [string, string] => [
    start,
    `a zlib stream, as joblib writes with compress; it holds a Python pickle, which is a program; ${TO_ONNX}`,
  ]),
  [
    "\x1f\x8b",
    "the file is compressed (gzip); unpack it first. A compressed joblib file holds a pickle, which is not read",
  ],
  [
    "BZh",
    "the file is compressed (bzip2); unpack it first. A compressed joblib file holds a pickle, which is not read",
  ],
  [
    "\xfd7zXZ",
    "the file is compressed (xz); unpack it first. A compressed joblib file holds a pickle, which is not read",
  ],
  [
    "\x5d\x00\x00",
    "the file is compressed (lzma); unpack it first. A compressed joblib file holds a pickle, which is not read",
  ],
  ["\x28\xb5\x2f\xfd", "the file is compressed (zstd); unpack it first"],
  [
    "\x04\x22\x4d\x18",
    "the file is compressed (lz4); unpack it first. A compressed joblib file holds a pickle, which is not read",
  ],
  ["PK\x03\x04", `a zip archive (skops, PyTorch, H2O MOJO, NumPy .npz or a pickle in a container); ${TO_ONNX}`],
  ["CBM1", 'CatBoost\'s own binary format (cbm); save it with save_model(FILE, format="onnx")'],
  [
    /^### +Model data|^#include[\s\S]*CatboostModel/,
    'a CatBoost model as program code; save it with save_model(FILE, format="onnx")',
  ],
  ["binf", "XGBoost's old binary format; save the model as .json or .ubj"],
  ["bs64", "XGBoost's old binary format in base64; save the model as .json or .ubj"],
  [
    /^(booster\[\d+\]:|\d+:(\[[^\]\n]+\] yes=\d+,no=\d+|leaf=))/,
    "a text dump of XGBoost (dump_model), which lacks what turns sums into answers; save the model with save_model(FILE.json)",
  ],
  ["\x89HDF", `an HDF5 file, which holds no tree model; ${TO_ONNX}`],
  ["\x93NUMPY", "a NumPy array, which is not a model"],
  ["PAR1", "a Parquet file, which is data and no model"],
  [/^RD[AX][23]\n/, `an R data file; ${TO_ONNX}`],
  [/^\s*(<\?xml[\s\S]*)?<PMML/i, `PMML is not read; ${TO_ONNX}`],
  [/^\s*<\?xml/i, `XML formats are not read; ${TO_ONNX}`],
  [/^\s*<(!doctype|html)/i, "an HTML page (a failed download?), which is not a model"],
  [/^version https:\/\/git-lfs/, "a pointer of Git LFS instead of the file; fetch it with git lfs pull"],
  ["\x7fELF", "a program or library, which is not a model"],
];

/**
 * A Core ML file begins with a version, like ONNX. Its next field is a message, where ONNX has the name of
 * the producer.
 */
const isCoreMl = (head: string): boolean =>
  head.charCodeAt(0) === 0x08 &&
  head[2] === "\x12" &&
  [4, 5, 6].some((at) => head[at] === "\n" && head[at + 2] === "\n");

const matches = (head: string, start: string | RegExp): boolean =>
  typeof start === "string" ? head.startsWith(start) : start.test(head);

/**
 * Detects the format from the first bytes. The file name is not considered.
 * @throws ImportRejectedError for a known format that cannot be read.
 */
export function detectFormat(bytes: Uint8Array): ModelFormat {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  const known = REJECTED.find(([start]) => matches(head, start));
  if (known !== undefined) throw new ImportRejectedError("unsupported", known[1]);
  if (isCoreMl(head)) throw new ImportRejectedError("unsupported", `a Core ML model, which is not read; ${TO_ONNX}`);
  if (/^tree\r?\n/.test(head)) return "lightgbm-text";
  // After the brace UBJSON has a length; JSON has a quote or white space.
  if (/^\{[iUIlL#$]/.test(head)) return "xgboost-ubjson";
  if (/^\s*[{[]/.test(head)) return "xgboost-json";
  // The binary format of XGBoost before 1.0 begins with numbers, followed by the names of the objective and
  // the booster.
  if (/(binary|multi|reg|rank|count|survival):[a-z]+[\s\S]*gb(tree|linear)/.test(head)) {
    throw new ImportRejectedError(
      "unsupported",
      "XGBoost's old binary format, which is not documented; load it with the XGBoost that wrote it and save it as .json or .ubj",
    );
  }
  // ONNX (protocol buffers) begins with the field ir_version. Any other text is not a model.
  if (/^[\t\n\r -~]{16}/.test(head)) {
    throw new ImportRejectedError(
      "unsupported",
      `a text that is not a model file: it begins with "${head.slice(0, 40).trim()}"; ${TO_ONNX}`,
    );
  }
  return "onnx";
}

/**
 * JSON files of tree models in other formats than XGBoost's: a key that only that format has, and the reason
 * with the way out.
 */
const OTHER_JSON: readonly (readonly [keys: readonly string[], reason: string])[] = [
  [["oblivious_trees"], 'a CatBoost model in JSON, which is not read; save it with save_model(FILE, format="onnx")'],
  [
    ["features_info", "model_info"],
    'a CatBoost model in JSON, which is not read; save it with save_model(FILE, format="onnx")',
  ],
  [
    ["tree_info", "num_tree_per_iteration"],
    "LightGBM's dump_model JSON, which is not read; save the model with booster.save_model(FILE)",
  ],
  [
    ["nodeid"],
    "a JSON dump of XGBoost (dump_model, get_dump), which lacks what turns sums into answers; save the model with save_model(FILE.json)",
  ],
  [["Config", "Model"], "XGBoost's memory snapshot; save the model with save_model(FILE.json)"],
];

/**
 * Rejects a JSON file that is not an XGBoost model.
 * @throws ImportRejectedError with the name of the format and the way out.
 */
export function rejectOtherJson(parsed: unknown): void {
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  const keys = new Set(typeof first === "object" && first !== null ? Object.keys(first) : []);
  const other = OTHER_JSON.find(([due]) => due.every((key) => keys.has(key)));
  if (other !== undefined) throw new ImportRejectedError("unsupported", other[1]);
  if (!keys.has("learner")) {
    const shown = [...keys].slice(0, 5).join(", ").slice(0, 120);
    const reason = `JSON that is not an XGBoost model: it has no "learner"${shown === "" ? "" : `, but ${shown}`}; ${TO_ONNX}`;
    throw new ImportRejectedError("unsupported", reason);
  }
  const { learner } = first as { readonly learner: unknown };
  if (typeof learner === "object" && learner !== null && "generic_param" in learner && !hasTrees(learner)) {
    const reason =
      "the training configuration of an XGBoost model (save_config), without its trees; save the model with save_model(FILE.json)";
    throw new ImportRejectedError("unsupported", reason);
  }
}

function hasTrees(learner: object): boolean {
  return JSON.stringify(learner).includes('"split_conditions"');
}
