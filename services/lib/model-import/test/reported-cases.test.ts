import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { createVectorizer } from "@bellwether/risk-model/features/vectorize";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { describe, expect, test } from "vitest";
import { predictRows } from "../src/checks/agreement.ts";
import { ExpectedError } from "../src/checks/expected-answers.ts";
import { type ImportedModel, importModel, type RejectedModel } from "../src/import-model.ts";
import { rowRounding } from "../src/source/source-model.ts";

/**
 * Files written by real trainers, with the trainers' outputs. They are kept outside of the repository;
 * without them these tests are skipped.
 */
const FOLDER = path.resolve(import.meta.dirname, "../../../../../shared/cases/models");
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(path.join(FOLDER, name)));

interface Case {
  readonly rows: readonly (readonly (number | null)[])[];
  readonly right: readonly number[];
}
const caseOf = (name: string): Case => JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), "utf8"));

/** Returns the rows with the trainer's outputs as JSON lines; `change` edits them first. */
const expectedLines = ({ rows, right }: Case, change = (lines: object[]): object[] => lines): Uint8Array => {
  const lines = change(rows.map((features, at) => ({ features, answer: right[at] })));
  return new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join("\n"));
};

function importCase(file: string, expected: Uint8Array | null = null): Promise<ImportedModel | RejectedModel> {
  return importModel({ bytes: read(file), modelName: "case", background: null, expected, riskClass: null, runOnnx });
}

const IMPORTED = [
  ["bom", "bom.model.json", "path-dependent"],
  ["dart-json", "dart-xgboost-3.4.1.model.json", "path-dependent"],
  ["infinity-loss-changes", "infinity-loss-changes.model.json", "path-dependent"],
  ["lgb-regressor-thousands", "lgb-regressor-thousands.txt", "path-dependent"],
  ["lgb-zero-as-missing", "lgb-zero-as-missing.txt", "path-dependent"],
  ["logitraw", "logitraw.model.json", "path-dependent"],
  ["threshold-inf", "threshold-inf.lgb.txt", "path-dependent"],
  ["xgb-category-texts", "xgb-category-texts.model.ubj", "path-dependent"],
] as const;

describe.skipIf(!existsSync(FOLDER))("models with known outputs of their trainer (needs the shared cases)", () => {
  test.each(IMPORTED)(
    "%s is imported, has the outputs of its trainer, and is explained",
    async (name, file, explanation) => {
      const known = caseOf(name);
      const imported = await importCase(file, expectedLines(known));
      if (imported.status === "rejected") throw new Error(imported.reason);
      expect(imported.trainer).toMatchObject({ rows: known.rows.length, differing: 0 });
      expect(imported.bundle.explanation.kind).toBe(explanation);
      expect(imported.modelCard).toContain(`Compared with its trainer's own predictions on ${known.rows.length} rows`);
      const { model } = imported.source;
      const rows = Float32Array.from(known.rows.flat(), (x) => rowRounding(model)(x ?? Number.NaN));
      for (const [at, answer] of predictRows(model, rows).entries()) {
        const right = known.right[at] ?? Number.NaN;
        expect(Math.abs(answer - right)).toBeLessThan(1e-6 * Math.max(1, Math.abs(right)));
      }
      const wrong = expectedLines({ ...known, right: known.right.map((x, at) => (at === 1 ? x * 1.01 + 0.01 : x)) });
      const rejected = await importCase(file, wrong);
      expect(rejected).toMatchObject({ status: "rejected", kind: "misconverted" });
      expect(rejected).toMatchObject({
        reason: expect.stringMatching(/^1 of \d expected rows differ .* most in row 2/),
      });
    },
  );

  test("without rows of its trainer, the card says that the model was not compared", async () => {
    const imported = await importCase("bom.model.json");
    expect(imported).toMatchObject({ status: "imported", trainer: null });
    expect(imported).toMatchObject({ modelCard: expect.stringContaining("Not compared with its trainer") });
  });

  test("a file that a converter changed is imported without expected rows, and rejected with them", async () => {
    const name = "misconverted-hgb-categorical";
    expect(await importCase(`${name}.onnx`)).toMatchObject({ status: "imported", trainer: null });
    expect(await importCase(`${name}.onnx`, expectedLines(caseOf(name)))).toMatchObject({
      status: "rejected",
      kind: "misconverted",
      reason: expect.stringMatching(
        /^3 of 5 expected rows .*gave 0\.2411284, the file gives 0\.6465365; the converter \(skl2onnx\)/,
      ),
    });
  });

  test("thresholds with the same float32 are rejected with the column and the way out", async () => {
    expect(await importCase("epoch-seconds.lgb.txt")).toMatchObject({
      status: "rejected",
      kind: "unsupported",
      reason: expect.stringMatching(/column Column_0: 2 of 3 thresholds .*1700000000\.5.*seconds since 1970/),
    });
  });

  test("the texts of a data frame's categories are imported, and an unknown code has a warning", async () => {
    const imported = await importCase("xgb-category-texts.model.ubj");
    if (imported.status === "rejected") throw new Error(imported.reason);
    const { vectorize, vectorizeBatch } = createVectorizer(imported.bundle);
    const given = (features: Record<string, number>, categories: Record<string, string>) =>
      vectorize({ features, categories, text: "" }, "supplier");
    expect([...given({ x: 1 }, { country: "FR" }).row]).toEqual([1, 1]);
    expect(given({ x: 1, country: 1 }, {})).toMatchObject({ warnings: [], violations: [], missing: [] });
    const message = "country is 77, which the model does not know; it knows 0 (DE), 1 (FR), 2 (IT)";
    expect(given({ x: 1, country: 77 }, {}).warnings).toEqual([
      { code: "UNKNOWN_CATEGORY", feature: "country", message },
    ]);
    expect(given({ x: 1 }, { country: "PL" })).toMatchObject({
      missing: ["country"],
      warnings: [{ code: "UNKNOWN_CATEGORY", message: expect.stringContaining('is "PL"') }],
    });
    expect(given({ x: 1, country: 0 }, { country: "DE" }).violations).toMatchObject([{ reason: "FEATURE_WRONG_KIND" }]);
    const batch = { rows: 3, numbers: new Map([["x", Float64Array.of(1, 1, 1)]]), texts: null };
    const coded = vectorizeBatch({ ...batch, categories: new Map([["country", ["IT", "PL", null]]]) });
    expect([...coded.values]).toEqual([2, 1, Number.NaN, 1, Number.NaN, 1]);
    expect([...coded.missingCounts]).toEqual([0, 1, 1]);
  });

  test.each<readonly [string, (lines: object[]) => object[], RegExp]>([
    [
      "other columns",
      (lines) => lines.map(() => ({ spend: 1, delay: 2, terms: 3, age: 4, answer: 0.5 })),
      /besides the model's columns .* it has 3: terms, age, answer/,
    ],
    ["no outputs", (lines) => lines.map((line) => ({ ...line, answer: undefined })), /it has none/],
    ["outputs of too many kinds", (lines) => lines.map((line) => ({ ...line, a: 1, b: 2 })), /it has 3: answer, a, b/],
    ["no rows", () => [], /no rows/],
    [
      "an output that is a text",
      (lines) => [{ ...lines[0], answer: "high" }, ...lines.slice(1)],
      /row 1, column answer: "high" is not an output/,
    ],
    [
      "an output that is NaN",
      (lines) => [{ ...lines[0], answer: "NaN" }, ...lines.slice(1)],
      /row 1, column answer: "NaN" is not an output/,
    ],
    [
      "an output that is missing",
      (lines) => [...lines.slice(1), { ...lines[0], answer: null }],
      /row 5, column answer/,
    ],
    [
      "a column that is a text",
      (lines) => [{ features: ["x", 1], answer: 0.5 }, ...lines.slice(1)],
      /row 1, column features\[0\]: "x" is not a number/,
    ],
    [
      "a row with fewer columns",
      (lines) => lines.map(() => ({ features: [1], answer: 0.5 })),
      /lacks columns f0, f1|besides/,
    ],
  ])("--expected with %s is a usage error", async (_, change, reason) => {
    const attempt = importCase("bom.model.json", expectedLines(caseOf("bom"), change));
    await expect(attempt).rejects.toThrow(ExpectedError);
    await expect(attempt).rejects.toThrow(reason);
  });
});
