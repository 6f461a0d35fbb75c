import type { WatchAlertsRequestSchema, WatchAlertsResponse } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { listChangedAfter, newestSequence } from "../src/store/alerts/alert-changes.ts";
import { createAlertWriter } from "../src/store/alerts/alert-writer.ts";
import { findAlert } from "../src/store/alerts/alerts.ts";
import { failureOf, type OpsHarness, runWeek, seenAlert, startOps } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 30_000 });
const WRITER = { recordNotices: false, now: () => new Date() };

/** Time for a change to reach a watch on a busy machine. */
const WAIT = { timeout: 20_000 };
let cluster: PostgresServer;
let databaseUrl: string;
let ops: OpsHarness;

beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());
beforeEach(async () => {
  databaseUrl = await cluster.createDatabase();
  ops = await startOps(databaseUrl);
  return () => ops[Symbol.asyncDispose]();
});

const suppliers = (count: number, score = 0.9) =>
  Array.from({ length: count }, (_, i) => ({ id: `s${String(i).padStart(4, "0")}`, score }));

/** Opens a watch; `messages` grows as messages arrive. */
function watch(request: MessageInitShape<typeof WatchAlertsRequestSchema>) {
  const stop = new AbortController();
  const messages: WatchAlertsResponse[] = [];
  const ended = (async () => {
    for await (const message of ops.alerts.watchAlerts(request, { signal: stop.signal })) messages.push(message);
  })().catch((error) => expect(ConnectError.from(error).code).toBe(Code.Canceled));
  const ids = () => messages.flatMap(({ alerts }) => alerts.map(({ supplierId }) => supplierId));
  const end = (): Promise<void> => {
    stop.abort();
    return ended;
  };
  return { messages, ids, stop: end };
}

test("a watch that continues after a position receives what it missed, in messages of at most 200, then what happens", async () => {
  const first = watch({});
  await vi.waitFor(() => expect(first.messages).toHaveLength(1), WAIT);
  await first.stop();
  const after = first.messages[0]?.sequence ?? -1n;
  expect(after).toBe(0n);
  await runWeek(ops, "2026-W01", suppliers(450));
  await runWeek(ops, "2026-W01", suppliers(3), { modelName: "another-model" });
  const resumed = watch({ afterSequence: after });
  await vi.waitFor(() => expect(resumed.ids()).toHaveLength(453), { timeout: 10_000 });
  expect(new Set(resumed.ids().slice(0, 450)).size).toBe(450);
  expect(Math.max(...resumed.messages.map(({ alerts }) => alerts.length))).toBe(200);
  expect(resumed.messages.some(({ truncated }) => truncated)).toBe(false);
  const [alert] = (await ops.alerts.listAlerts({ modelName: "another-model" })).alerts;
  await ops.alerts.acknowledgeAlert(await seenAlert(ops, alert?.alertId ?? ""));
  await vi.waitFor(() => expect(resumed.ids()).toHaveLength(454), WAIT);
  await resumed.stop();
  expect(resumed.messages.at(-1)?.sequence).toBe(3n);
});

test("a watch that was cut within a large change receives the rest of it", async () => {
  await runWeek(ops, "2026-W01", suppliers(450));
  const whole = watch({ afterSequence: 0n });
  await vi.waitFor(() => expect(whole.ids()).toHaveLength(450), { timeout: 10_000 });
  await whole.stop();
  expect(whole.messages.map(({ sequence }) => sequence)).toEqual([0n, 0n, 0n, 1n]);
  const rest = watch({ afterSequence: whole.messages[1]?.sequence ?? 7n });
  await vi.waitFor(() => expect(new Set(rest.ids()).size).toBe(450), { timeout: 10_000 });
  await rest.stop();
});

test("a watch of one model receives nothing of the other", async () => {
  await runWeek(ops, "2026-W01", suppliers(2));
  await runWeek(ops, "2026-W01", suppliers(3), { modelName: "another-model" });
  const own = watch({ afterSequence: 0n, modelName: "another-model" });
  await vi.waitFor(() => expect(own.ids()).toHaveLength(3), WAIT);
  await own.stop();
});

test("a position that the service does not know is rejected with ALERT_SEQUENCE", async () => {
  const failure = await failureOf(Array.fromAsync(ops.alerts.watchAlerts({ afterSequence: 1n })));
  expect([failure.code, failure.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
    Code.FailedPrecondition,
    "ALERT_SEQUENCE",
  ]);
});

test("positions have the order of commits: while a numbered transaction is open, no other can be numbered", async () => {
  await runWeek(ops, "2026-W01", suppliers(2));
  const pool = await openPostgres(databaseUrl);
  onTestFinished(() => pool.close());
  const db = drizzle(pool);
  const ids = (await ops.alerts.listAlerts({})).alerts.map(({ alertId }) => alertId);
  const [a, b] = await Promise.all(ids.map((id) => findAlert(db, id, undefined)));
  if (!a || !b) throw new Error("two alerts were expected");
  let second: Promise<void> | undefined;
  await inTransaction(pool, async (tx) => {
    const writer = createAlertWriter(drizzle(tx), WRITER);
    await writer.save([{ alert: { ...a.alert, owner: "first" }, isNew: false, events: [] }]);
    await writer.finish();
    second = inTransaction(pool, async (other) => {
      const late = createAlertWriter(drizzle(other), WRITER);
      await late.save([{ alert: { ...b.alert, owner: "second" }, isNew: false, events: [] }]);
      await late.finish();
    });
    const waiting = async () =>
      expect((await pool.query("select from pg_locks where locktype = 'advisory' and not granted")).rowCount).toBe(1);
    await vi.waitFor(waiting, { timeout: 5_000 });
    expect(await newestSequence(db)).toBe(1);
  });
  await second;
  const changed = await listChangedAfter(db, { sequence: 1, alertId: "" }, 10);
  expect(changed.map(({ alert, sequence }) => [alert.id, sequence])).toEqual([
    [a.alert.id, 2],
    [b.alert.id, 3],
  ]);
});
