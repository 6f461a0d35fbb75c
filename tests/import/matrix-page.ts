import type { Kind } from "./kinds.ts";
import type { Measured } from "./measure-kind.ts";

/** Returns the text of docs/model-import-matrix.md. */
export function matrixPage(
  versions: Readonly<Record<string, string>>,
  kinds: readonly Kind[],
  measured: readonly Measured[],
): string {
  const listed = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const lines = kinds.map((kind, at) => lineOf(kind, measured[at] as Measured, versions));
  return `# Support matrix of model import

Made by \`npm run test:import\` with ${listed.join(", ")}. Each kind of model is trained and exported by its own trainer,
imported, and compared with the trainer on 200 rows of float32 values; some rows have missing values (where the trainer takes
them) and values exactly on thresholds.

- **score**: the largest difference to the trainer's own prediction.
- **contributions**: the largest difference to the trainer's own (native files) or to shap's interventional explainer on the same 100
  background rows (ONNX; these rows have ties among themselves but not with thresholds, which shap keeps as float32). "none": there are
  none to compare, or none are given; the remark says why.
- Differences are relative to the sum of the leaves' sizes, probabilities to at least 1. "imported" means that all of them are within 1e-5.
- **misconverted**: the import reads the file as ONNX Runtime does, and its answers differ from those of its trainer: its converter changed the
  model. A few do so only for rows exactly on a threshold; the figures are then those of the other rows. Without the trainer's answers it is imported; \`import --expected\` with the trainer's answers rejects it, with the reason shown.
- **rejected**: with the reason shown.

| trainer | model | file | result | score | explanation | contributions | remark |
|---|---|---|---|---|---|---|---|
${lines.join("\n")}
`;
}

function lineOf(kind: Kind, found: Measured, versions: Readonly<Record<string, string>>): string {
  const cells =
    "score" in found
      ? [
          resultOf(found),
          figure(found.score),
          found.explanation,
          figure(found.contributions),
          remarkOf(kind, found, versions),
        ]
      : [found.result, "–", "–", "–", found.remark];
  return `| ${[kind.trainer, kind.what, kind.form, ...cells].map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** The packages that write ONNX files, by trainer. */
const CONVERTERS: Readonly<Record<string, string>> = {
  "scikit-learn": "skl2onnx",
  XGBoost: "onnxmltools",
  LightGBM: "onnxmltools",
  CatBoost: "catboost",
};

function remarkOf(kind: Kind, found: Measured, versions: Readonly<Record<string, string>>): string {
  if (found.result !== "misconverted") return found.remark;
  const converter = CONVERTERS[kind.trainer] ?? "";
  return `${converter} ${versions[converter] ?? ""}: ${found.remark}`;
}

function resultOf(found: Extract<Measured, { readonly score: number | null }>): string {
  return found.result === "misconverted" ? "misconverted" : `imported: ${found.space}`;
}

/**
 * Formats a difference with one digit and an exponent. A difference below 1e-7 comes from rounding and is
 * written as "≤ 1e-7".
 */
function figure(difference: number | null): string {
  if (difference === null) return "none";
  return difference < 1e-7 ? "≤ 1e-7" : difference.toExponential(0);
}
