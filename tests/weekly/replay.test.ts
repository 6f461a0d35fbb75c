import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { readChunks } from "@bellwether/ingest/snapshot/snapshot-chunks";
import { type EndedProcess, runNode } from "@bellwether/testing/node-process";
import { usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 300_000 });

const at = (file: string): string => path.resolve(import.meta.dirname, file);
const CLI = at("../../services/cli/bellwether.js");
const PAIR = ["model_config", "feature_mapping"].map((name) => at(`../../config/examples/scms/${name}.yaml`));
const REAL = at("../../../shared/data");
const FILE = path.join(REAL, "scms_delivery_history_2006_2013.csv.gz");
const hasRealData = await access(FILE).then(
  () => true,
  () => false,
);

type Features = Readonly<Record<string, number>>;

/** Returns the features of each supplier in the snapshot of a week. */
async function featuresOf(weeksFolder: string, week: string): Promise<Record<string, Features>> {
  const snapshot = path.join(weeksFolder, week, "snapshot.parquet");
  const suppliers: Record<string, Features> = {};
  for await (const { supplierIds, numbers } of readChunks(snapshot))
    for (const [i, id] of supplierIds.entries())
      suppliers[id] = Object.fromEntries([...numbers].map(([name, values]) => [name, values[i] ?? Number.NaN]));
  return suppliers;
}

test.skipIf(!hasRealData)(
  "three months of the whole SCMS file are replayed in order, each as known at the end of its week, and the same command continues (needs ../shared/data)",
  async () => {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-replay-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const registry = { MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}` };
    const [config = "", mapping = ""] = PAIR;
    const pair = ["--config", config, "--mapping", mapping];
    const call = (args: readonly string[], env: Record<string, string>): Promise<EndedProcess> =>
      runNode(CLI, { args: [...args, ...pair, "--json"], env: { ...PROCESS_ENV, ...env } });

    const trained = await call(["train", "--data", REAL, "--publish"], registry);
    expect(trained.code, trained.stderr).toBe(0);
    const cluster = stack.use(await usePostgres());
    const ops = stack.use(await startService("ops-service", { DATABASE_URL: await cluster.createDatabase() }));
    const served = { ...registry, BELLWETHER_MODEL: "scms-late-delivery" };
    const ml = stack.use(await startService("ml-service", served));
    const env = { BELLWETHER_DATA_DIR: folder, ML_SERVICE_URL: ml.grpc, OPS_SERVICE_URL: ops.grpc };
    const replay = (from: string, to: string, ...more: string[]) =>
      call(["weekly", "replay", "--from", from, "--to", to, "--every", "1month", "--input", FILE, ...more], env);

    const first = await replay("2012-W14", "2012-W21");
    expect(first.code, first.stderr).toBe(0);
    const whole = await replay("2012-W14", "2012-W26");
    expect(whole.code, whole.stderr).toBe(0);
    const weeks = [
      { iso_week: "2012-W17", as_of: "2012-04-29", was_complete: true },
      { iso_week: "2012-W21", as_of: "2012-05-27", was_complete: true },
      { iso_week: "2012-W25", as_of: "2012-06-24", was_complete: false },
    ];
    expect(JSON.parse(whole.stdout).weeks).toMatchObject(weeks);

    const expected: Record<string, Record<string, Features>> = JSON.parse(
      await readFile(at("scms-features.json"), "utf8"),
    );
    const batch = createClient(BatchService, createGrpcTransport({ baseUrl: ops.grpc }));
    for (const { iso_week: isoWeek, as_of: asOf } of weeks) {
      const { run } = await batch.getRun({ isoWeek });
      expect(run).toMatchObject({ state: RunState.COMPLETE, asOf, overtakenBy: "" });
      const found = await featuresOf(path.join(folder, "weeks", "scms-late-delivery"), isoWeek);
      const suppliers = expected[asOf] ?? {};
      expect(Object.keys(found).sort()).toEqual(Object.keys(suppliers).sort());
      for (const [id, features] of Object.entries(suppliers))
        for (const [name, value] of Object.entries(features))
          expect(Math.abs((found[id]?.[name] ?? Number.NaN) - value), `${isoWeek} ${id} ${name}`).toBeLessThanOrEqual(
            1e-6 * Math.max(1, Math.abs(value)),
          );
    }

    // A week of which the file knows nothing stops the replay, and nothing after it is run.
    const stopped = await replay("2006-W09", "2012-W30");
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toMatch(
      /bellwether: the replay stopped at 2006-W\d\d, with 0 of \d+ weeks complete: .*; when that is solved, the same command continues with 2006-W\d\d/,
    );
    expect(JSON.parse(stopped.stdout).error).toMatchObject({ reason: "RUN_FAILED", weeks_complete: 0 });
  },
);
