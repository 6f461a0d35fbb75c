import { type ForeignModel, foreignModels, trainerVersions } from "@bellwether/testing/foreign-models";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { expect, test } from "vitest";
import { detectFormat, type ModelFormat } from "./detect-format.ts";
import { importModel } from "./import-model.ts";

const FORMATS: Readonly<Record<ModelFormat, string>> = {
  onnx: "ONNX",
  "xgboost-json": "XGBoost JSON",
  "xgboost-ubjson": "XGBoost UBJSON",
  "lightgbm-text": "LightGBM text",
};

function formatOf(file: ForeignModel): string {
  return file.name.endsWith(".cbm") ? "CatBoost binary" : FORMATS[detectFormat(file.bytes)];
}

async function lineOf(file: ForeignModel): Promise<string> {
  const imported = await importModel({
    bytes: file.bytes,
    modelName: "imported",
    background: null,
    riskClass: null,
    runOnnx,
  });
  const cells =
    imported.status === "imported"
      ? [`imported: ${imported.bundle.outputSpace}`, imported.bundle.explanation.kind, imported.notes.join("; ")]
      : ["refused", "–", imported.reason];
  return `| ${[file.trainer, file.what, formatOf(file), ...cells].join(" | ")} |`;
}

test("docs/model-import-matrix.md says what the importers do (update: vitest run -u)", async () => {
  const lines: string[] = [];
  for (const file of foreignModels()) lines.push(await lineOf(file));
  const versions = Object.entries(trainerVersions).map(([name, version]) => `${name} ${version}`);
  const page = `# Support matrix of model import

Made by a test from files that these wrote: ${versions.join(", ")}. Every imported file predicts what its trainer predicts within 2e-6 on the trainer's own
rows, and agrees with ONNX Runtime within 1e-6 on 256 rows: random, exactly on thresholds, missing and infinite values among them. Explanation is without background rows;
with \`--background\`, \`none\` becomes \`interventional\` where no path asks more than 8 columns.

| trainer | model | file | result | explanation | remark |
|---|---|---|---|---|---|
${lines.join("\n")}
`;
  await expect(page).toMatchFileSnapshot("../../../../../docs/model-import-matrix.md");
});
