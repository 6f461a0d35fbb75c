import { randomInt, randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { metric } from "../../bench/metric.ts";
import { atLeast, atMost, type Scenario } from "./harness.ts";
import { startKillable, startKillablePostgres } from "./killable.ts";

const KILLS = { whole: 20, quick: 6 };
const EVENTS = { whole: { appended: 8_000, scores: 2_000 }, quick: { appended: 1_600, scores: 400 } };
const EVENTS_PER_APPEND = 20;
const APPENDERS = 2;
/** Callers that score suppliers, one after another. */
const SCORERS = 2;
const LOAD_PAUSE_MS = 50;
/** Time between two kills, ms. */
const PAUSE_MS = [500, 2_500] as const;
const CALL_TIMEOUT_MS = 5_000;
/** A killed ml-service may lose the events of this time, as docs/audit.md says. */
const MAY_LOSE_MS = 200;
/** Time within which the events of all answered calls must be in the log, after the last kill. */
const ARRIVAL_MS = 60_000;

/** A score that ml-service has answered. */
interface Answered {
  readonly predictionId: string;
  readonly atMs: number;
}

/**
 * Kills ops-service, ml-service and PostgreSQL with SIGKILL at random times, while events are appended and suppliers are
 * scored. An append that failed is repeated with the same ids. Afterwards the log must have every acknowledged event once, and
 * one event of every score, except of scores that ml-service answered just before it was killed.
 */
export const audit: Scenario = async (quick) => {
  const size = quick ? "quick" : "whole";
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-faults-audit-"));
  await chmod(folder, 0o755);
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await publishDemoModel(path.join(folder, "models"));
  const postgres = await startKillablePostgres(path.join(folder, "pg"));
  stack.defer(postgres.stop);
  const ops = await startKillable(stack, "ops-service", {
    DATABASE_URL: postgres.url,
    BELLWETHER_DATA_DIR: path.join(folder, "ops"),
  });
  const ml = await startKillable(stack, "ml-service", {
    MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}`,
    BELLWETHER_DATA_DIR: path.join(folder, "ml"),
    ...{ BELLWETHER_AUDIT_SINK: "ops", OPS_SERVICE_URL: ops.url },
  });

  const acknowledged: string[] = [];
  const answered: Answered[] = [];
  const killsDone = new AbortController();
  const wanted = EVENTS[size];
  const isOver = (): boolean =>
    killsDone.signal.aborted && acknowledged.length >= wanted.appended && answered.length >= wanted.scores;
  const load = Promise.all([
    ...Array.from({ length: APPENDERS }, () => append(ops.url, acknowledged, isOver)),
    ...Array.from({ length: SCORERS }, () => score(ml.url, answered, isOver)),
  ]);
  const victims = { "ops-service": ops, "ml-service": ml, PostgreSQL: postgres };
  const names = Object.keys(victims) as readonly (keyof typeof victims)[];
  const kills: Record<string, number> = {};
  const mlKilledMs: number[] = [];
  for (let i = 0; i < KILLS[size]; i++) {
    await delay(randomInt(...PAUSE_MS));
    // Each once, then any.
    const name = names[i < names.length ? i : randomInt(names.length)] ?? "ops-service";
    kills[name] = (kills[name] ?? 0) + 1;
    await victims[name].ready();
    if (name === "ml-service") mlKilledMs.push(performance.now());
    await victims[name].kill();
  }
  killsDone.abort();
  await load;
  for (const victim of Object.values(victims)) await victim.ready();
  console.log(
    `audit: kills ${JSON.stringify(kills)}; ${acknowledged.length} events appended, ${answered.length} scores`,
  );

  const pool = await openPostgres(postgres.url, { max: 1 });
  stack.defer(() => pool.close());
  const mayBeLost = ({ atMs }: Answered): boolean =>
    mlKilledMs.some((killedMs) => atMs <= killedMs + MAY_LOSE_MS && killedMs - atMs <= MAY_LOSE_MS);
  const kept = answered.filter((one) => !mayBeLost(one));
  const scored = await scoresInLog(pool, kept);
  const appended = await countByKey(pool, "faults.appended", "n");
  const missing = ({ predictionId }: Answered): boolean => !scored.has(predictionId);
  const { holds } = await createClient(AuditService, createGrpcTransport({ baseUrl: ops.url })).verifyChain({});
  const gaps = await pool.query<{ gaps: number }>(
    "select count(*)::int as gaps from bellwether.audit_event where kind = 'events.missing'",
  );
  return [
    atLeast("audit.appended.acknowledged", acknowledged.length, "events", wanted.appended),
    atLeast("audit.scores.answered", answered.length, "scores", wanted.scores),
    atMost("audit.appended.lost", acknowledged.filter((n) => !appended.has(n)).length, "acknowledged events", 0),
    atMost("audit.appended.twice", countTwice(appended), "events", 0),
    atMost("audit.scores.lost", kept.filter(missing).length, `of ${kept.length} scores`, 0),
    atMost("audit.scores.twice", countTwice(scored), "scores", 0),
    metric({
      ...{ name: "audit.scores.lost_at_kill", better: "lower", value: answered.filter(missing).length },
      unit: `of ${answered.length - kept.length} scores answered within ${MAY_LOSE_MS} ms of a kill of ml-service`,
    }),
    atMost("audit.gaps", gaps.rows[0]?.gaps ?? Number.NaN, "gap events", 0),
    atMost("audit.chain_broken", holds ? 0 : 1, "verifications", 0),
  ];
};

/** Appends events, and the same ones again after an error, until the scenario is over. */
async function append(baseUrl: string, acknowledged: string[], isOver: () => boolean): Promise<void> {
  const client = createClient(AuditService, createGrpcTransport({ baseUrl }));
  const about = { kind: "faults.appended", actor: "faults", subject: "S_1", occurredAt: timestampFromMs(0) };
  while (!isOver()) {
    const ids = Array.from({ length: EVENTS_PER_APPEND }, () => randomUUID());
    // The key in the payload shows an event that is recorded under two ids.
    const events = ids.map((eventId) => ({ ...about, eventId, payloadJson: JSON.stringify({ n: eventId }) }));
    async function* once() {
      yield { events };
    }
    const isDone = () =>
      client.appendEvents(once(), { timeoutMs: CALL_TIMEOUT_MS }).then(
        () => true,
        () => false,
      );
    while (!(await isDone())) await delay(LOAD_PAUSE_MS);
    acknowledged.push(...ids);
    await delay(LOAD_PAUSE_MS);
  }
}

/** Scores suppliers until the scenario is over. A call that failed is not repeated. */
async function score(baseUrl: string, answered: Answered[], isOver: () => boolean): Promise<void> {
  const client = createClient(InferenceService, createGrpcTransport({ baseUrl }));
  for (let i = 0; !isOver(); i++) {
    const { features, categories } = demoSupplier(i % 500);
    const supplier = { supplierId: `S_${i % 500}`, features, categories };
    await client.predict({ supplier }, { timeoutMs: CALL_TIMEOUT_MS }).then(
      ({ score: found }) => answered.push({ predictionId: found?.predictionId ?? "", atMs: performance.now() }),
      () => {},
    );
    await delay(LOAD_PAUSE_MS / 2);
  }
}

/** Waits until the log has all these scores, at most the time for their arrival. Returns the events of each score. */
async function scoresInLog(pool: PostgresPool, expected: readonly Answered[]): Promise<ReadonlyMap<string, number>> {
  for (const until = performance.now() + ARRIVAL_MS; ; await delay(500)) {
    const found = await countByKey(pool, "prediction.served", "prediction_id");
    if (performance.now() > until || expected.every(({ predictionId }) => found.has(predictionId))) return found;
  }
}

/** Counts the events of a kind by a field of their payload. */
async function countByKey(pool: PostgresPool, kind: string, field: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ key: string; events: number }>(
    "select payload::json ->> $2 as key, count(*)::int as events from bellwether.audit_event where kind = $1 group by 1",
    [kind, field],
  );
  return new Map(rows.map(({ key, events }) => [key, events]));
}

const countTwice = (byKey: ReadonlyMap<string, number>): number =>
  [...byKey.values()].filter((events) => events > 1).length;
