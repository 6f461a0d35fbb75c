import { randomUUID } from "node:crypto";
import { NarrativeLanguage, NarrativeOutcome } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { OnConflict } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { ModelFeatureSchema } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type OpsHarness, runWeek, startOps, TEST_FEATURES, testChunk } from "./ops-harness.ts";

let cluster: PostgresServer;
let ops: OpsHarness;

beforeAll(async () => {
  cluster = await usePostgres();
  ops = await startOps(await cluster.createDatabase());
  await runWeek(ops, "2026-W01", [{ id: "s1", score: 0.9 }, { id: "thin" }]);
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

test("NarrateSupplier describes the stored score, in English by default and in German on request", async () => {
  const english = await ops.suppliers.narrateSupplier({ supplierId: "s1" });
  expect(english.sentences.join(" ")).toMatch(
    /^s1 has a risk score of 0\.90 \(high\)\. It is increased most by late ratio .*\. It is lowered most by spend.*\./,
  );
  expect(english).toMatchObject({ isoWeek: "2026-W01", model: { name: "supplier-risk", version: "v1" } });
  expect(english.info).toMatchObject({
    ...{ generated: false, outcome: NarrativeOutcome.NOT_CONFIGURED, language: NarrativeLanguage.ENGLISH },
  });
  const german = await ops.suppliers.narrateSupplier({ supplierId: "s1", language: NarrativeLanguage.GERMAN });
  expect(german.sentences[0]).toBe("s1 hat einen Risikowert von 0,90 (hoch).");
});

test("a supplier without a score in numbers is described, an unknown one is NOT_FOUND", async () => {
  const { sentences, info } = await ops.suppliers.narrateSupplier({ supplierId: "thin" });
  expect(sentences).toEqual(["thin has no risk score."]);
  expect(info?.outcome).toBe(NarrativeOutcome.NOT_CONFIGURED);
  expect((await failureOf(ops.suppliers.narrateSupplier({ supplierId: "nobody" }))).code).toBe(Code.NotFound);
});

test("a supplier that only master data has is answered as ExplainScore answers: it has no score", async () => {
  await ops.suppliers.importSuppliers({
    ...{ requestId: randomUUID(), onConflict: OnConflict.UPDATE, rows: [{ supplierId: "known", name: "Known" }] },
  });
  const narrated = await failureOf(ops.suppliers.narrateSupplier({ supplierId: "known" }));
  const explained = await failureOf(ops.suppliers.explainScore({ supplierId: "known" }));
  expect(narrated.rawMessage).toMatch(/^supplier-risk has no score of supplier "known" in any week/);
  expect([narrated.code, narrated.rawMessage]).toEqual([explained.code, explained.rawMessage]);
});

/** Submits a week in chunks of one supplier, each with its features, and completes it. */
async function submitWeek(
  isoWeek: string,
  chunks: readonly (readonly MessageInitShape<typeof ModelFeatureSchema>[])[],
): Promise<void> {
  const { lease } = await ops.batch.startRun({ isoWeek, modelName: "supplier-risk", holder: isoWeek });
  for (const [i, features] of chunks.entries()) {
    const rows = [{ id: `s${i + 1}`, score: 0.9, values: [0.5, 2, 3, 0] }];
    const described = features.map((feature) => create(ModelFeatureSchema, feature));
    await ops.batch.submitChunk({ ...testChunk(lease, i, rows), features: described });
  }
  const rowsRead = BigInt(chunks.length);
  await ops.batch.completeRun({ ...(lease && { lease }), rowsRead, rowsRejected: 0n, chunksTotal: chunks.length });
}

const GERMAN_FEATURES = TEST_FEATURES.map((feature) =>
  feature.name === "late_ratio"
    ? { ...feature, unit: "share", germanName: "Anteil verspäteter Lieferungen", germanUnit: "Anteil" }
    : feature,
);

const narrative = async (language: NarrativeLanguage): Promise<string> =>
  (await ops.suppliers.narrateSupplier({ supplierId: "s1", language })).sentences.join(" ");

test("German narratives have the German texts of the run's features, and the English ones where none are declared", async () => {
  await submitWeek("2026-W02", [GERMAN_FEATURES]);
  expect(await narrative(NarrativeLanguage.GERMAN)).toMatch(
    /Anteil verspäteter Lieferungen \(0,5, typisch 0,25\).* spend \(2 EUR, typisch 100\)/,
  );
  expect(await narrative(NarrativeLanguage.ENGLISH)).toContain("late ratio (0.5 share, typical 0.25)");
});

test("a run that another release began without German texts is continued with them", async () => {
  const before = GERMAN_FEATURES.map((feature) => ({ ...feature, germanName: "", germanUnit: "" }));
  await submitWeek("2026-W03", [before, GERMAN_FEATURES]);
  expect(await narrative(NarrativeLanguage.GERMAN)).toContain("late ratio (0,5 share, typisch 0,25)");
});
