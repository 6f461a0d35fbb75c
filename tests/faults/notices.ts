import { randomBytes, randomInt } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Webhook } from "standardwebhooks";
import { metric } from "../../bench/metric.ts";
import { startReceiver } from "../../services/ops-service/test/notice-receiver.ts";
import { testChunk } from "../../services/ops-service/test/ops-harness.ts";
import { atLeast, atMost, type Finding, type Scenario } from "./harness.ts";
import { GIVE_UP_MS, startKillable, startKillablePostgres } from "./killable.ts";

const KILLS = { whole: 20, quick: 6 };
const SUPPLIERS_PER_RUN = 25;
/** Models whose runs raise alerts at the same time. */
const MODELS = 3;
const MAX_ANSWER_MS = 400;
/** Time between two kills, ms. */
const PAUSE_MS = [500, 2_500] as const;
const CALL_TIMEOUT_MS = 5_000;
const EMPTY_LIMIT_S = 30;

/**
 * Kills two replicas of ops-service, a process that only delivers, and PostgreSQL with SIGKILL at random times, while
 * runs raise alerts and people assign them. Afterwards every alert that was raised or assigned must have been received
 * under exactly one id, and the outbox must be empty within 30 s of the last kill. The receiver verifies each signature.
 */
export const notices: Scenario = async (quick) => {
  const kills = quick ? KILLS.quick : KILLS.whole;
  const findings = await measure("postgres", kills);
  if (hasRedis()) return [...findings, ...(await measure("redis", kills))];
  const reason = "redis-server is not installed";
  return [...findings, metric({ name: "notices.redis.lost", value: null, unit: "", better: "lower", reason })];
};

async function measure(queue: "postgres" | "redis", killCount: number): Promise<Finding[]> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-notices-"));
  await chmod(folder, 0o755);
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const receiver = stack.use(
    await startReceiver((response) => {
      // Some attempts are in progress when their process is killed.
      setTimeout(() => response.writeHead(204).end(), randomInt(MAX_ANSWER_MS));
    }),
  );
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  await writeFile(path.join(folder, "routes.yaml"), routesFile());
  await writeFile(path.join(folder, "rules.yaml"), await rulesFile());
  const postgres = await startKillablePostgres(path.join(folder, "pg"));
  stack.defer(postgres.stop);
  const redis = queue === "redis" ? stack.use(await startRedis()) : undefined;
  const env = {
    DATABASE_URL: postgres.url,
    BELLWETHER_NOTICE_ROUTES: path.join(folder, "routes.yaml"),
    BELLWETHER_ALERT_RULES: path.join(folder, "rules.yaml"),
    NOTICE_URL: receiver.url,
    NOTICE_SECRET: secret,
    ...(redis && { REDIS_URL: redis.url }),
  };
  const replicas = [
    await startKillable(stack, "ops-service", env),
    await startKillable(stack, "ops-service", { ...env, BELLWETHER_NOTICE_DELIVERY: "false" }),
  ];
  const worker = await startKillable(stack, "ops-service", env);
  const victims: readonly (readonly [name: string, kill: () => Promise<void>])[] = [
    ...replicas.map((replica, i) => [`ops-service ${i + 1}`, replica.kill] as const),
    ["worker", worker.kill],
    ["postgres", postgres.kill],
    ...(redis ? [["redis", redis.restart] as const] : []),
  ];

  const stopped = new AbortController();
  const anyReplica = (): string => replicas[randomInt(replicas.length)]?.url ?? "";
  const load = Promise.all(
    Array.from({ length: MODELS }, (_, model) => raiseAlerts(`model-${model}`, anyReplica, stopped.signal)),
  );
  const kills: Record<string, number> = {};
  for (let i = 0; i < killCount; i++) {
    await delay(randomInt(...PAUSE_MS));
    // Each once, then any.
    const [name, kill] = victims[i < victims.length ? i : randomInt(victims.length)] ?? ["worker", worker.kill];
    kills[name] = (kills[name] ?? 0) + 1;
    await kill();
  }
  const lastKill = performance.now();
  stopped.abort();
  const runs = (await load).reduce((sum, count) => sum + count, 0);
  const pool = await openPostgres(postgres.url, { max: 1 });
  stack.defer(() => pool.close());
  const emptyAfterS = await outboxEmpty(pool, lastKill);

  const verifier = new Webhook(secret);
  const idsOf = new Map<string, Set<string>>();
  const bodies = new Map<string, string>();
  let invalid = 0;
  let repeated = 0;
  for (const { headers, body } of receiver.received) {
    const id = headers["webhook-id"] ?? "";
    try {
      verifier.verify(body, headers);
    } catch {
      invalid++;
    }
    const before = bodies.get(id);
    if (before !== undefined) repeated++;
    if (before !== undefined && before !== body) invalid++;
    bodies.set(id, body);
    for (const key of itemKeys(body)) idsOf.set(key, (idsOf.get(key) ?? new Set()).add(id));
  }
  const expected = await expectedKeys(pool);
  const lost = expected.filter((key) => !idsOf.has(key)).length;
  const doubled = [...idsOf.values()].filter((ids) => ids.size > 1).length;
  const unexpected = [...idsOf.keys()].filter((key) => !expected.includes(key)).length;
  console.log(
    `notices, jobs in ${queue}: kills ${JSON.stringify(kills)}; ${runs} runs; ${bodies.size} notices in ${receiver.received.length} requests`,
  );
  return [
    atLeast(`notices.${queue}.expected`, expected.length, "suppliers and assignments", SUPPLIERS_PER_RUN),
    atMost(`notices.${queue}.lost`, lost, "of them", 0),
    atMost(`notices.${queue}.doubled`, doubled, "received under two ids", 0),
    atMost(`notices.${queue}.unexpected`, unexpected, "without an alert", 0),
    atMost(`notices.${queue}.invalid`, invalid, "requests with a wrong signature or another content", 0),
    atMost(`notices.${queue}.sent_again`, repeated, "requests with the id of an earlier one", bodies.size),
    atMost(`notices.${queue}.outbox_empty`, emptyAfterS, "s after the last kill", EMPTY_LIMIT_S),
  ];
}

function routesFile(): string {
  const hook = "channel: webhook, address_from: NOTICE_URL, secret_from: NOTICE_SECRET, allow_private_networks: true";
  return `version: 1
destinations:
  - { name: all, ${hook} }
  - { name: jane, ${hook} }
owners: [{ owner: jane, to: [jane] }]
routes: [{ name: all, to: [all] }]
`;
}

/**
 * Returns the rules of the repository with the longest time until an alert lapses. A week takes half a second here, so the
 * alerts of a supplier that the next weeks leave out would lapse while a killed process starts, and a lapsed alert is left out
 * of notices.
 */
async function rulesFile(): Promise<string> {
  const rules = await readFile("config/alert_rules.yaml", "utf8");
  const setting = /^runs_to_lapse: \d+$/m;
  if (!setting.test(rules)) throw new Error("config/alert_rules.yaml does not set runs_to_lapse");
  return rules.replace(setting, "runs_to_lapse: 52");
}

/** Completes runs with new suppliers, and assigns an alert of each, until the signal aborts. */
async function raiseAlerts(modelName: string, urlOf: () => string, signal: AbortSignal): Promise<number> {
  let runs = 0;
  const retry = async <T>(work: (url: string) => Promise<T>): Promise<T> => {
    for (const until = performance.now() + GIVE_UP_MS; ; ) {
      try {
        return await work(urlOf());
      } catch (error) {
        if (performance.now() > until) throw error;
        await delay(100);
      }
    }
  };
  const options = { timeoutMs: CALL_TIMEOUT_MS };
  while (!signal.aborted) {
    const week = runs++;
    const isoWeek = `${2001 + Math.floor(week / 52)}-W${String((week % 52) + 1).padStart(2, "0")}`;
    const rows = Array.from({ length: SUPPLIERS_PER_RUN }, (_, i) => ({ id: `${modelName}-${week}-${i}`, score: 0.9 }));
    // All calls can be repeated: the holder, the chunk and the action are the same.
    const batchOf = (url: string) => createClient(BatchService, createGrpcTransport({ baseUrl: url }));
    const { lease } = await retry((url) => batchOf(url).startRun({ isoWeek, modelName, holder: "faults" }, options));
    const chunk = testChunk(lease, 0, rows);
    Object.assign(chunk.scores?.model ?? {}, { name: modelName });
    await retry((url) => batchOf(url).submitChunk(chunk, options));
    const totals = { rowsRead: BigInt(rows.length), rowsRejected: 0n, chunksTotal: 1 };
    await retry((url) => batchOf(url).completeRun({ ...(lease && { lease }), ...totals }, options));
    const alertsOf = (url: string) => createClient(AlertService, createGrpcTransport({ baseUrl: url }));
    const [alert] = (await retry((url) => alertsOf(url).listAlerts({ supplierId: `${modelName}-${week}-0` }, options)))
      .alerts;
    if (!alert) throw new Error(`no alert about ${modelName}-${week}-0 after its run is complete`);
    const { alertId, version } = alert;
    await retry((url) => alertsOf(url).assignAlert({ alertId, version, owner: "jane" }, options));
  }
  return runs;
}

/** Waits until nothing waits for its delivery. Returns the seconds since `from`. */
async function outboxEmpty(pool: PostgresPool, from: number): Promise<number> {
  for (;;) {
    const waiting = await pool
      .query<{ waiting: number }>(
        `select (select count(*) from bellwether.notice_event)::int + (select count(*) from bellwether.notice_item)::int
          + (select count(*) from bellwether.notice where state = 'waiting')::int as waiting`,
      )
      .then(
        ({ rows }) => rows[0]?.waiting ?? 0,
        () => Number.NaN,
      );
    const tookS = (performance.now() - from) / 1_000;
    if (waiting === 0 || tookS * 1_000 > GIVE_UP_MS) return tookS;
    await delay(100);
  }
}

/** Returns what a notice says, as "cause/supplier". */
function itemKeys(body: string): string[] {
  const { data }: { data: { items: readonly { supplier_id: string; cause: string }[] } } = JSON.parse(body);
  return data.items.map(({ supplier_id, cause }) => `${cause}/${supplier_id}`);
}

/** Returns what the database says that happened. */
async function expectedKeys(pool: PostgresPool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ key: string }>(`
    select distinct e.kind || '/' || u.external_id as key from bellwether.alert_event e
    join bellwether.alert a on a.id = e.alert_id join bellwether.supplier u on u.id = a.supplier_id
    where e.kind in ('raised', 'assigned')`);
  return rows.map(({ key }) => key);
}
