import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { metric } from "../../bench/metric.ts";
import { startLedger } from "../../services/scheduler-service/test/ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "../../services/scheduler-service/test/weekly-fixture.ts";
import { atMost, type Finding, type Scenario } from "./harness.ts";

const WEEK = "2026-W47";
/** Three chunks: the run is not complete when its holder is killed after the first. */
const ROWS = 10_000;
/** Lifetime of a job's lock, s: the default of scheduler-service, and a shorter one for --quick. */
const LOCK_S = { whole: 30, quick: 6 };
/** scheduler-service's worker looks for jobs without a lock 15 times within the lifetime of a lock. */
const LOOKS_PER_LOCK = 15;
const MARGIN_S = 5;

/**
 * Starts two schedulers and kills the one that holds the week's run with SIGKILL after its first chunk.
 * Measures the seconds until the other one has begun the run in the ledger. The bound is the lifetime of the
 * lock, one interval of looking for jobs without a lock, and 5 s. Afterwards every supplier must have exactly
 * one score.
 */
export const takeover: Scenario = async (quick) => {
  await using stack = new AsyncDisposableStack();
  const registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-takeover-models-"));
  stack.defer(() => rm(registry, { recursive: true, force: true }));
  await publishDemoModel(registry);
  const ml = stack.use(await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` }));
  const lockS = quick ? LOCK_S.quick : LOCK_S.whole;
  const cluster = stack.use(await startPostgresCluster());
  const onPostgres = await measure(ml, { DATABASE_URL: await cluster.createDatabase() }, lockS);
  const findings = findingsOf("postgres", onPostgres, lockS);
  if (!hasRedis()) return [...findings, unmeasured("redis-server is not installed")];
  const redis = stack.use(await startRedis());
  return [...findings, ...findingsOf("redis", await measure(ml, { REDIS_URL: redis.url }, lockS), lockS)];
};

interface Takeover {
  readonly seconds: number;
  /** Number of scores, and how many of them are duplicates. */
  readonly suppliers: number;
  readonly twice: number;
}

async function measure(ml: ServiceProcess, queue: Record<string, string>, lockS: number): Promise<Takeover> {
  await using folder = await weeklyFolder();
  await writeFile(folder.at("week.csv"), weekCsv(ROWS));
  await using ledger = await startLedger();
  const start = () =>
    startService("scheduler-service", {
      ...queue,
      ML_SERVICE_URL: ml.grpc,
      OPS_SERVICE_URL: ledger.url,
      BELLWETHER_MODEL_CONFIG: folder.settings.modelConfig,
      BELLWETHER_FEATURE_MAPPING: folder.settings.featureMapping,
      BELLWETHER_DATA_DIR: folder.at("data"),
      WEEKLY_INPUT_FOLDER: folder.at("."),
      WEEKLY_INPUT: "week.csv",
      WEEKLY_JOB_LOCK: `${lockS}s`,
    });
  await using first = await start();
  await using second = await start();
  const both = [first, second];
  let killedAt = 0;
  ledger.onSubmit = ({ chunk }) => {
    if (chunk !== 1 || killedAt > 0) return;
    const [, pid] = ledger.holders[0]?.split("/") ?? [];
    both.find(({ process: child }) => String(child.pid) === pid)?.process.kill("SIGKILL");
    killedAt = performance.now();
  };
  const client = createClient(ScheduleService, createGrpcTransport({ baseUrl: first.grpc }));
  await client.triggerRun({ scheduleId: "weekly", isoWeek: WEEK });
  const limitMs = 4 * lockS * 1_000;
  const reached = async (condition: () => boolean): Promise<void> => {
    for (const until = performance.now() + limitMs; !condition(); ) {
      if (performance.now() > until) throw new Error("the run was not taken over");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await reached(() => killedAt > 0);
  await reached(() => ledger.holders.length > 1);
  const seconds = (performance.now() - killedAt) / 1_000;
  await reached(() => ledger.run.state === RunState.COMPLETE);
  const ids = [...ledger.chunks.values()].flatMap(({ supplierIds }) => supplierIds);
  return { seconds, suppliers: ids.length, twice: ids.length - new Set(ids).size };
}

function findingsOf(store: string, { seconds, suppliers, twice }: Takeover, lockS: number): Finding[] {
  const bound = lockS + lockS / LOOKS_PER_LOCK + MARGIN_S;
  return [
    atMost(`takeover.${store}`, seconds, `s after kill -9 of the holder, lock ${lockS} s`, bound),
    atMost(`takeover.${store}.lost_or_twice`, ROWS - suppliers + twice, "suppliers", 0),
  ];
}

function unmeasured(reason: string): Finding {
  return metric({ name: "takeover.redis", value: null, unit: "s", better: "lower", reason });
}
