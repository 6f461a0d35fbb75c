import { NarrativeLanguage, NarrativeOutcome } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

let cluster: PostgresCluster;
let ops: OpsHarness;

beforeAll(async () => {
  cluster = await startPostgresCluster();
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
  expect(sentences).toEqual(["thin has too little data for a score."]);
  expect(info?.outcome).toBe(NarrativeOutcome.NOT_CONFIGURED);
  expect((await failureOf(ops.suppliers.narrateSupplier({ supplierId: "nobody" }))).code).toBe(Code.NotFound);
});
