import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { RetentionService } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { connectPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type RemovalOptions, removeOldScores } from "../src/store/retention/old-scores.ts";
import { failureOf, type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ hookTimeout: 180_000, testTimeout: 60_000 });

const WEEKS = ["2026-W38", "2026-W39", "2026-W40", "2026-W41", "2026-W42", "2026-W43", "2026-W44"];
const SCORE_WEEKS = 4;
const ANY_LOSS = createRiskPolicy(
  { maxRejectedShare: 1, maxRejectedRows: 1_000_000_000, minSuppliersShare: 0 },
  {
    retention: {
      ...{ scoreWeeks: SCORE_WEEKS, snapshotWeeks: 2, outcomeWeeks: 157 },
      ...{ reportWeeks: null, auditPayloadDays: null, noteDays: null },
    },
  },
);

let cluster: PostgresServer;
let ops: OpsHarness;
/** For the removal: one connection that does not wait long for locks. */
let removing: PostgresPool;
/** For readers and checks. */
let reading: PostgresPool;

beforeAll(async () => {
  cluster = await usePostgres();
  const url = await cluster.createDatabase();
  // The service's own passes begin after a minute; the test makes its own.
  ops = await startOps(url, { riskPolicy: ANY_LOSS });
  removing = connectPostgres(url, { max: 1, lockTimeoutMs: 300 });
  reading = connectPostgres(url, { max: 4, lockTimeoutMs: 5_000 });
  for (const week of WEEKS)
    await runWeek(ops, week, [
      { id: "a", score: 0.5, values: [0.5, 2, 3, 1] },
      { id: "b", score: 0.2, values: [0.5, 2, 3, 1] },
    ]);
  await vi.waitFor(
    async () => {
      const { rowCount } = await reading.query("select from bellwether.run where not history_stored");
      expect(rowCount).toBe(0);
    },
    { timeout: 60_000 },
  );
});
afterAll(async () => {
  await removing?.close();
  await reading?.close();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

function remove(over: Partial<RemovalOptions> = {}, pool = removing) {
  const options = {
    scoreWeeks: SCORE_WEEKS,
    graceMs: 0,
    now: () => new Date(),
    newId: () => crypto.randomUUID(),
    ...over,
  };
  return removeOldScores(
    drizzle(pool),
    (work) => inTransaction(pool, (connection) => work({ connection, db: drizzle(connection) })),
    options,
  );
}

const tables = async (): Promise<readonly string[]> => {
  const { rows } = await reading.query<{ name: string }>(
    "select relname as name from pg_class where relkind = 'r' and relname ~ '^score_(chunk_)?r[0-9]+$' order by relname",
  );
  return rows.map(({ name }) => name);
};
const historyWeeks = async (): Promise<readonly string[]> => {
  const { rows } = await reading.query<{ week: string }>(
    "select distinct r.iso_week as week from bellwether.score_history h join bellwether.run r on r.id = h.run order by 1",
  );
  return rows.map(({ week }) => week);
};
const retention = () => createClient(RetentionService, createGrpcTransport({ baseUrl: ops.grpcUrl })).getRetention({});

describe("scores that are older than the retention", () => {
  test("are shown before they are removed", async () => {
    expect(await retention()).toMatchObject({
      ...{ scoreWeeks: SCORE_WEEKS, snapshotWeeks: 2, outcomeWeeks: 157 },
      models: [
        {
          ...{ modelName: "supplier-risk", newestWeek: "2026-W44" },
          ...{ oldestScoreWeek: "2026-W41", oldestSnapshotWeek: "2026-W43" },
          ...{ runsKept: 4, runsDue: 3, runsRemoved: 0 },
        },
      ],
    });
  });

  test("are not used from the moment they expire, while their tables still exist", async () => {
    expect(await remove({ graceMs: 3_600_000 })).toEqual({ runsExpired: 3, runsRemoved: 0, historyRows: 0 });
    expect(await tables()).toHaveLength(2 * WEEKS.length);
    const { history } = await ops.suppliers.getSupplier({ supplierId: "a", historyWeeks: 53 });
    expect(history.map(({ isoWeek }) => isoWeek).sort()).toEqual(WEEKS.slice(3));
    const failure = await failureOf(ops.reports.getWeek({ isoWeek: "2026-W38" }));
    expect(failure.code).toBe(Code.NotFound);
    expect(await remove({ graceMs: 3_600_000 })).toEqual({ runsExpired: 0, runsRemoved: 0, historyRows: 0 });
  });

  test("are recorded in the audit log, once each and with counts", async () => {
    const { records } = await ops.audit.queryEvents({ kind: "retention.scores_removed" });
    expect(records.map(({ event }) => JSON.parse(event?.payloadJson ?? "")).reverse()).toEqual(
      WEEKS.slice(0, 3).map((isoWeek) => ({
        ...{ modelName: "supplier-risk", isoWeek, suppliers: 2, chunks: 1 },
        ...{ scoreWeeks: SCORE_WEEKS, oldestKeptWeek: "2026-W41" },
      })),
    );
  });
});

describe("while a reader of all scores takes long", () => {
  const READ = "select count(*)::int as scores from bellwether.score";

  test("other readers do not wait for the removal, and the next pass finishes it", async () => {
    const slow = await reading.connect();
    try {
      await slow.query("begin");
      await slow.query(READ);
      await expect(remove()).rejects.toMatchObject({ cause: { message: expect.stringContaining("lock timeout") } });
      // Again and again, as readers come.
      const removal = remove().catch((error: unknown) => error);
      for (let i = 0; i < 20; i++) await reading.query(`set statement_timeout = '5s'; ${READ}`);
      expect(await removal).toBeInstanceOf(Error);
      await slow.query("commit");
    } finally {
      slow.release();
    }
    expect(await remove()).toMatchObject({ runsExpired: 0, runsRemoved: 3 });
    expect(await tables()).toHaveLength(2 * SCORE_WEEKS);
    expect(await historyWeeks()).toEqual(WEEKS.slice(3));
    expect((await retention()).models).toMatchObject([{ runsKept: 4, runsDue: 0, runsRemoved: 3 }]);
    expect((await retention()).models[0]?.lastRemovedAt).toBeDefined();
  });

  test("a plain DROP would make other readers wait", async () => {
    const [slow, dropping] = [await reading.connect(), await reading.connect()];
    try {
      await slow.query("begin");
      await slow.query(READ);
      const { rows } = await dropping.query<{ pid: number }>("select pg_backend_pid() as pid");
      const [newest] = (await tables()).slice(-1);
      const dropped = dropping.query(`drop table bellwether.${newest}`).catch((error: unknown) => error);
      await vi.waitFor(async () => {
        const waiting = await reading.query("select from pg_locks where pid = $1 and not granted", [rows[0]?.pid]);
        expect(waiting.rowCount).toBe(1);
      });
      const blocked = reading.query(`set local lock_timeout = '200ms'; ${READ}`);
      await expect(blocked).rejects.toThrow("lock timeout");
      await reading.query("select pg_cancel_backend($1)", [rows[0]?.pid]);
      expect(await dropped).toBeInstanceOf(Error);
      await slow.query("commit");
    } finally {
      slow.release();
      dropping.release();
    }
  });
});

test("two replicas that remove at the same time record each run once", async () => {
  await runWeek(ops, "2026-W46", [{ id: "a", score: 0.5, values: [0.5, 2, 3, 1] }]);
  const results = await Promise.allSettled([remove(), remove({}, reading)]);
  expect(results.some(({ status }) => status === "fulfilled")).toBe(true);
  await remove();
  const { records } = await ops.audit.queryEvents({ kind: "retention.scores_removed" });
  expect(new Set(records.map(({ event }) => event?.subject)).size).toBe(5);
  expect(records).toHaveLength(5);
  expect(await historyWeeks()).toEqual(["2026-W43", "2026-W44", "2026-W46"]);
});

test("lists and explanations of the newest week are as before", async () => {
  const { suppliers } = await ops.suppliers.listSuppliers({});
  expect(suppliers).toHaveLength(1);
  const { supplier } = await ops.suppliers.getSupplier({ supplierId: "a" });
  expect(supplier?.latestScore?.isoWeek).toBe("2026-W46");
});
