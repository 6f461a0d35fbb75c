import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  ChangeNoteCode,
  type ExplainChangeResponse,
  FeatureUse,
} from "@bellwether/gen/bellwether/inference/v1/change_pb";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { NarrativeLanguage } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { ContributionStrength } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { measureImportance } from "@bellwether/risk-model/importance/measure-importance";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { openExplainer } from "@bellwether/scoring/model/open-explainer";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, DEMO_TABLE, demoSupplier } from "@bellwether/testing/demo-model";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createMlService } from "../src/service.ts";

let root = "";
let service: Awaited<ReturnType<typeof createMlService>>;
let client: Client<typeof InferenceService>;

type Spec = typeof DEMO_SPEC;

async function publish(spec: Spec, table: FeatureTable = DEMO_TABLE): Promise<void> {
  const trained = await trainRiskModel({ table, spec, configHash: "c".repeat(64), runOnnx });
  const now = new Date(0);
  const { modelName } = trained.bundle;
  const explainer = await openExplainer(trained.onnx, trained.bundle);
  const importance = measureImportance(
    trained.bundle,
    trained.importanceRows,
    (rows, n) => explainer?.explain(rows, n) ?? new Float32Array(),
  );
  const importanceJson = modelName === "other-model" ? JSON.stringify(importance) : undefined;
  const about = {
    ...(importanceJson !== undefined && { importanceJson }),
    modelName,
    origin: "trained" as const,
    configHash: "c".repeat(64),
    evaluation: null,
    now,
  };
  const { version } = await publishVersion(root, { ...trained, ...about }, checkScoringModel);
  const alias = { modelName, alias: "champion" as const, version, setBy: "test", reason: "test", now };
  await setAlias(root, alias, checkScoringModel);
}

const without = (name: string): Spec => ({
  ...DEMO_SPEC,
  features: DEMO_SPEC.features.filter((feature) => feature.name !== name),
});
/** Every second text has other words, so that the vocabulary is another one. */
const otherTexts: FeatureTable = {
  ...DEMO_TABLE,
  texts: DEMO_TABLE.texts?.map((text, i) => (i % 2 === 0 ? `zebra quagga okapi ${text}` : text)) ?? null,
};

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "explain-change-"));
  await publish(DEMO_SPEC);
  await publish({ ...DEMO_SPEC, seed: 7, bands: { high: 0.6, medium: 0.3 } });
  await publish(without("delivery_score"));
  await publish({
    ...DEMO_SPEC,
    trainer: { kind: "random_forest", trees: 10, maxDepth: 4, minLeaf: 5, columnSample: 0.5, classWeight: "none" },
  });
  await publish({ ...DEMO_SPEC, features: DEMO_SPEC.features.map((one) => ({ ...one, missing: "refuse" as const })) });
  await publish(DEMO_SPEC, otherTexts);
  await publish({ ...DEMO_SPEC, name: "other-model" });
  service = await createMlService({
    host: "127.0.0.1",
    ports: { grpc: 0, web: 0, admin: 0 },
    registryRoot: root,
    defaultModel: DEMO_SPEC.name,
    pollMs: 1_000,
    logger: createLogger({ name: "ml-service", level: "silent" }),
  });
  client = createClient(
    InferenceService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${service.addresses.grpc.port}` }),
  );
  // The first load of a version is checked in a thread, which can take longer than the deadline of a call on a busy machine.
  for (const modelVersion of ["v1", "v2", "v3", "v4", "v5", "v6"])
    await vi.waitFor(
      async () => {
        const code = await client.predict(end(1, modelVersion)).then(
          () => undefined,
          (error: unknown) => ConnectError.from(error).code,
        );
        // One version does not take a feature of the supplier.
        expect([undefined, Code.InvalidArgument]).toContain(code);
      },
      { timeout: 60_000, interval: 100 },
    );
}, 240_000);
afterAll(async () => {
  await service?.stop();
  await rm(root, { recursive: true, force: true });
});

const supplier = (i: number) => {
  const { features, categories, text } = demoSupplier(i);
  return { supplierId: "S_1", features, categories, contractText: text };
};
const end = (i: number, modelVersion: string) => ({ supplier: supplier(i), model: { modelVersion } });
const change = (before: [number, string], after: [number, string]) =>
  client.explainChange({ before: end(...before), after: end(...after) });
const codes = ({ notes }: ExplainChangeResponse) => [...new Set(notes.map(({ code }) => code))];

async function failure(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("the call succeeded");
}

function expectExact(answer: ExplainChangeResponse): void {
  const { parts, omitted, baseMargin, baseScore = 0, calibrationScore = 0, before, after, total } = answer;
  const amounts = [...parts.map(({ amount }) => amount), omitted];
  const margins = amounts.reduce((sum, of) => sum + (of?.dataMargin ?? 0) + (of?.modelMargin ?? 0), baseMargin);
  expect(answer.marginChange).toBe((after?.margin ?? 0) - (before?.margin ?? 0));
  expect(Math.abs(margins - answer.marginChange)).toBeLessThan(1e-9);
  expect(Math.abs((total?.dataMargin ?? 0) + (total?.modelMargin ?? 0) - answer.marginChange)).toBeLessThan(1e-9);
  const due = (after?.riskScore ?? Number.NaN) - (before?.riskScore ?? Number.NaN);
  const scores = amounts.reduce((sum, of) => sum + (of?.dataScore ?? 0) + (of?.modelScore ?? 0), baseScore);
  expect(answer.scoreChange).toBe(due);
  expect(Math.abs(scores + calibrationScore - due)).toBeLessThan(1e-9);
  expect(Math.abs((total?.dataScore ?? 0) + (total?.modelScore ?? 0) - due)).toBeLessThan(1e-9);
}

describe("ExplainChange", () => {
  test("divides the changes of many pairs of suppliers and versions exactly", async () => {
    for (const [from, to] of [
      ["v1", "v1"],
      ["v1", "v2"],
      ["v2", "v1"],
      ["v1", "v3"],
      ["v3", "v1"],
      ["v1", "v6"],
    ] as const)
      for (let i = 0; i < 12; i++) expectExact(await change([i, from], [i + 40, to]));
  });

  test("has no model part between equal versions, and no data part between equal data", async () => {
    const data = await change([1, "v1"], [2, "v1"]);
    for (const { amount } of data.parts) expect(amount).toMatchObject({ modelMargin: 0, modelScore: 0 });
    expect([data.baseMargin, data.calibrationScore]).toEqual([0, 0]);
    const model = await change([1, "v1"], [1, "v2"]);
    for (const { amount } of model.parts) expect(amount?.dataMargin).toBe(0);
    expect(model.total?.dataScore).toBe(0);
    const same = await change([1, "v1"], [1, "v1"]);
    expect([same.marginChange, same.scoreChange, same.notes]).toEqual([0, 0, []]);
  });

  test("changes only its signs when before and after are exchanged", async () => {
    const [there, back] = [await change([3, "v1"], [9, "v2"]), await change([9, "v2"], [3, "v1"])];
    const amounts = new Map(back.parts.map(({ feature, amount }) => [feature, amount]));
    for (const { feature, amount } of there.parts) {
      expect(amounts.get(feature)?.dataMargin).toBeCloseTo(-(amount?.dataMargin ?? 0), 9);
      expect(amounts.get(feature)?.modelScore).toBeCloseTo(-(amount?.modelScore ?? 0), 9);
    }
    expect(back.calibrationScore).toBeCloseTo(-(there.calibrationScore ?? 0), 12);
  });

  test("says that calibration and bands differ", async () => {
    const answer = await change([1, "v1"], [1, "v2"]);
    expect(codes(answer)).toEqual([ChangeNoteCode.OTHER_CALIBRATION, ChangeNoteCode.OTHER_BANDS]);
    expect(answer.notes[1]?.message).toBe("the bands begin at 0.4 and 0.7 before, at 0.3 and 0.6 after");
  });

  test("says which feature only one version uses, and uses its value for both ends", async () => {
    const answer = await change([1, "v1"], [1, "v3"]);
    const part = answer.parts.find(({ feature }) => feature === "delivery_score");
    expect(part).toMatchObject({ usedBy: FeatureUse.BEFORE_ONLY, amount: { dataMargin: 0 } });
    expect(answer.notes.map(({ feature }) => feature)).toContain("delivery_score");
    const { features, ...rest } = supplier(1);
    const { delivery_score: _, ...fewer } = features;
    const sent = await client.explainChange({
      before: end(1, "v1"),
      after: { supplier: { ...rest, features: fewer }, model: { modelVersion: "v3" } },
    });
    expectExact(sent);
    expect(
      sent.notes.filter(({ code }) => code === ChangeNoteCode.OTHER_FEATURES).map(({ message }) => message),
    ).toEqual([
      "only the version of before uses delivery_score; in that version, the value of before is used for both",
    ]);
  });

  test("says which values are missing and which categories are unknown", async () => {
    const { features, ...rest } = supplier(1);
    const { past_disputes: _, ...fewer } = features;
    const answer = await client.explainChange({
      before: { supplier: { ...rest, features: fewer }, model: { modelVersion: "v1" } },
      after: { supplier: { ...supplier(1), categories: { region: "Atlantis" } }, model: { modelVersion: "v1" } },
    });
    expectExact(answer);
    expect(answer.notes.map(({ code, feature }) => [code, feature])).toEqual([
      [ChangeNoteCode.MISSING_VALUE, "past_disputes"],
      [ChangeNoteCode.UNKNOWN_CATEGORY, "region"],
    ]);
    const part = answer.parts.find(({ feature }) => feature === "past_disputes");
    expect([part?.before?.missing, part?.after?.missing]).toEqual([true, false]);
  });

  test("says once which values are missing at both ends, and nothing of them when nothing changed", async () => {
    const { features, ...rest } = supplier(1);
    const { past_disputes: _, delivery_score: __, ...fewer } = features;
    const lacking = (more: object) => ({
      supplier: { ...rest, contractText: "", features: { ...fewer, ...more } },
      model: { modelVersion: "v1" },
    });
    const answer = await client.explainChange({
      before: lacking({}),
      after: lacking({ financial_stability_index: 0.2 }),
    });
    expectExact(answer);
    expect(answer.notes.map(({ code, feature }) => [code, feature])).toEqual([[ChangeNoteCode.MISSING_VALUE, ""]]);
    const [{ message = "" } = {}] = answer.notes;
    expect(message).toContain("without a value before and after: ");
    for (const name of ["past_disputes", "delivery_score", "contract_text"]) expect(message).toContain(name);
    expect((await client.explainChange({ before: lacking({}), after: lacking({}) })).notes).toEqual([]);
  });

  test("accepts the term weights of a batch in place of the text, also for another vocabulary", async () => {
    const { text, ...rest } = { ...supplier(4), text: supplier(4).contractText };
    const batch = await client.predictBatch({
      ...{ supplierIds: ["S_1"], contractTexts: [text], model: { modelVersion: "v1" } },
      ...{ withContributions: true, withTermWeights: true },
    });
    const terms = batch.columnNames.filter((name) => name.startsWith("contract_text:")).map((name) => name.slice(14));
    const weights = new Float32Array(new Uint8Array(batch.termWeights).buffer);
    expect(weights.length).toBe(terms.length);
    const { contractText: _, ...others } = rest;
    const stored = { ...others, termWeights: Object.fromEntries(terms.map((term, i) => [term, weights[i] ?? 0])) };
    const scored = await client.predict({ supplier: stored, model: { modelVersion: "v1" } });
    const due = await client.predict({ supplier: supplier(4), model: { modelVersion: "v1" } });
    expect(scored.score?.margin).toBe(due.score?.margin);
    expect(scored.score?.missingFeatures).toEqual(due.score?.missingFeatures);
    const answer = await client.explainChange({
      before: { supplier: stored, model: { modelVersion: "v1" } },
      after: end(4, "v6"),
    });
    expectExact(answer);
    expect(answer.notes.map(({ feature }) => feature)).toContain("contract_text");
  });

  test("returns at most max_parts parts, and adds up the others", async () => {
    const answer = await client.explainChange({ before: end(1, "v1"), after: end(2, "v2"), maxParts: 2 });
    expect([answer.parts.length, answer.omittedParts]).toEqual([2, 4]);
    expectExact(answer);
  });

  test("rejects versions whose contributions have another scale, and other models", async () => {
    const scale = await failure(change([1, "v1"], [1, "v4"]));
    expect([scale.code, scale.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
      Code.FailedPrecondition,
      "NOT_COMPARABLE",
    ]);
    expect(scale.rawMessage).toContain("are log-odds and those of v4 are probabilities");
    const other = { supplier: supplier(1), model: { modelName: "other-model" } };
    const model = await failure(client.explainChange({ before: end(1, "v1"), after: other }));
    expect([model.code, model.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field]).toEqual([
      ...[Code.InvalidArgument, "after.model.model_name"],
    ]);
  });

  test("names the end and the version of data that a version does not accept", async () => {
    const { features, ...rest } = supplier(1);
    const { past_disputes: _, ...fewer } = features;
    const lacking = { supplier: { ...rest, features: fewer }, model: { modelVersion: "v1" } };
    const required = await failure(client.explainChange({ before: lacking, after: end(1, "v5") }));
    expect(required.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe(
      "before.supplier.features.past_disputes",
    );
    expect(required.rawMessage).toContain("version v5 of the other end scores these data too");
    const empty = { supplier: { supplierId: "S_1" }, model: { modelVersion: "v1" } };
    const few = await failure(client.explainChange({ before: end(1, "v1"), after: empty }));
    expect(few.rawMessage).toBe(
      "after.supplier has no score in supplier-risk v1, so there is no change to explain: 0 of 5 features are known, not counting the text contract_text; a score needs 2",
    );
    const gone = await failure(change([1, "v99"], [1, "v1"]));
    expect(gone.code).toBe(Code.NotFound);
  });

  test.each(["before", "after"])("requires %s", async (missing) => {
    const ends = { before: end(1, "v1"), after: end(1, "v1"), [missing]: undefined };
    expect((await failure(client.explainChange(ends))).code).toBe(Code.InvalidArgument);
  });
});

describe("Explain", () => {
  const list = async (options: object) => {
    const request = { supplier: supplier(2), model: { modelVersion: "v1" }, ...options };
    const parts = await Array.fromAsync(client.explain(request));
    const [base, contributions] = [parts[0]?.part, parts[1]?.part];
    if (base?.case !== "base" || contributions?.case !== "contributions") throw new Error("the parts are missing");
    return { base: base.value, ...contributions.value };
  };

  test("returns at most k contributions above a share, and still adds up", async () => {
    const all = await list({});
    expect(all).toMatchObject({ omittedContributions: 0, omitted: 0 });
    const total = all.contributions.reduce((sum, { contribution }) => sum + Math.abs(contribution), 0);
    for (const options of [{ maxContributions: 3 }, { minShare: 0.1 }, { maxContributions: 2, minShare: 0.05 }]) {
      const some = await list(options);
      const sum = some.contributions.reduce((part, { contribution }) => part + contribution, some.base.baseValue);
      expect(sum + some.omitted).toBeCloseTo(some.base.score?.margin ?? Number.NaN, 5);
      expect(some.contributions.length + some.omittedContributions).toBe(all.contributions.length);
      expect(some.contributions.length).toBeLessThanOrEqual(options.maxContributions ?? 1_024);
      for (const { contribution } of some.contributions)
        expect(Math.abs(contribution) / total).toBeGreaterThanOrEqual(options.minShare ?? 0);
    }
  });

  test("returns share, strength and text only on request", async () => {
    for (const { share, strength, text } of (await list({})).contributions)
      expect([share, strength, text]).toEqual([undefined, ContributionStrength.UNSPECIFIED, ""]);
    const { contributions } = await list({ withTexts: true });
    expect(contributions.reduce((sum, { share }) => sum + (share ?? 0), 0)).toBeCloseTo(1, 9);
    for (const { share = 0, strength, text } of contributions) {
      const { STRONG, MODERATE, WEAK } = ContributionStrength;
      expect([strength, text.length > 0]).toEqual([share >= 0.15 ? STRONG : share >= 0.05 ? MODERATE : WEAK, true]);
    }
  });

  test("has texts in the language of the request", async () => {
    const { contributions } = await list({ withTexts: true, narrativeLanguage: NarrativeLanguage.GERMAN });
    const texts = contributions.map(({ text }) => text).join("; ");
    expect(texts).toContain(", typisch ");
    expect(texts).not.toMatch(/typical|usually/);
  });

  test.each([{ minShare: 1.01 }, { minShare: -0.1 }, { minShare: Number.NaN }, { maxContributions: 1_025 }])(
    "rejects %j",
    async (options) => {
      expect((await failure(list(options))).code).toBe(Code.InvalidArgument);
    },
  );

  test("rejects term weights beside a text, and terms that the version does not have", async () => {
    const both = await failure(client.predict({ supplier: { ...supplier(1), termWeights: { penalty: 1 } } }));
    expect(both.rawMessage).toContain("send one of them");
    const unknown = { ...supplier(1), contractText: "", termWeights: { xyzzy: 1 } };
    const error = await failure(client.predict({ supplier: unknown }));
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("supplier.term_weights.xyzzy");
  });
});

describe("ExplainModel", () => {
  test("returns the importance and the dependence that were computed before the version was published", async () => {
    const answer = await client.explainModel({ model: { modelName: "other-model" } });
    expect(answer).toMatchObject({ rows: 893, rowsText: "893 training rows", featuresTotal: 6, absence: "" });
    expect(answer.features.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    const text = answer.features.find(({ feature }) => feature === "contract_text");
    expect([text?.dependence.length, text?.words.length]).toEqual([0, 20]);
    const region = answer.features.find(({ feature }) => feature === "region");
    expect(region?.dependence.map(({ category }) => category).sort()).toEqual([
      ...["Asia-Pacific", "Europe", "LATAM", "North America"],
    ]);
    const [most] = answer.features;
    expect(most?.dependence.reduce((sum, { rows }) => sum + rows, 0)).toBe(most?.words.length === 0 ? 893 : 0);
    const some = await client.explainModel({ model: { modelName: "other-model" }, maxFeatures: 2 });
    expect(some.features).toEqual(answer.features.slice(0, 2));
  });

  test("answers DATA_LOSS for a file that was changed", async () => {
    const file = path.join(root, "other-model", "v1", "importance.json");
    const before = await readFile(file, "utf8");
    await writeFile(file, before.replace(`"rows":893`, `"rows":894`));
    const error = await failure(client.explainModel({ model: { modelName: "other-model" } }));
    await writeFile(file, before);
    expect([error.code, error.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.DataLoss, "MODEL_CORRUPT"]);
  });

  test("says so for a version without a global explanation", async () => {
    const answer = await client.explainModel({ model: { modelVersion: "v1" } });
    expect(answer.features).toEqual([]);
    expect(answer.absence).toContain("supplier-risk v1 has no global explanation");
  });
});
