import { randomUUID } from "node:crypto";
import { OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { connectPostgres } from "@bellwether/postgres/pool/open-postgres";
import { usePostgres } from "@bellwether/testing/postgres-cluster";
import { expect, test } from "vitest";
import { readCurrent } from "../src/store/outcomes/record-outcomes.ts";
import { runWeek, startOps } from "./ops-harness.ts";
import { visitedRows } from "./visited-rows.ts";

const WEEK = "2026-W01";
const SUPPLIERS = 600;
const PAGE = 300;

test("a page of a first import reads its own outcomes only, also while the table has no statistics", async () => {
  await using cluster = await usePostgres();
  const databaseUrl = await cluster.createDatabase();
  await using ops = await startOps(databaseUrl, {
    outcomesOf: () => ({ definition: "", horizonDays: 7, completeAfterDays: 0 }),
  });
  const suppliers = Array.from({ length: SUPPLIERS }, (_, i) => ({ id: `S-${i}`, score: 0.1 }));
  await runWeek(ops, WEEK, suppliers);
  const rows = suppliers.map(({ id }) => ({ supplierId: id, isoWeek: WEEK, value: OutcomeValue.OCCURRED }));
  for (let first = 0; first < SUPPLIERS; first += PAGE)
    await ops.outcomes.recordOutcomes({ requestId: randomUUID(), rows: rows.slice(first, first + PAGE) });
  const drafts = suppliers.slice(0, PAGE).map(({ id }) => ({
    ...{ supplierId: id, isoWeek: WEEK, occurred: true, happenedOn: null, knownOn: "2026-02-01", note: "" },
    predictionId: null,
  }));
  const pool = connectPostgres(databaseUrl, { applicationName: "test", max: 1, statementTimeoutMs: 60_000 });
  try {
    const visited = await visitedRows(pool, async (db) => {
      expect((await readCurrent(db, "supplier-risk", drafts)).size).toBe(PAGE);
    });
    // The rows of the page, their suppliers and their outcomes.
    expect(visited).toBeLessThanOrEqual(3 * PAGE + SUPPLIERS);
  } finally {
    await pool.close(1_000);
  }
});
