import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { createLogger } from "@bellwether/telemetry/logger";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test, vi } from "vitest";
import { createSchedulerService } from "../src/service.ts";
import { startLedger } from "./ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "./weekly-fixture.ts";

// The tests take long because retries begin after 5 s.
vi.setConfig({ testTimeout: 120_000 });
const within = (condition: () => unknown) => vi.waitFor(condition, { timeout: 60_000, interval: 50 });

/** Mounts a small file system in memory. Null when this user may not mount one. */
async function mountSmallDisk(kib: number) {
  const place = await mkdtemp(path.join(os.tmpdir(), "bellwether-disk-"));
  const mount = (...args: string[]) => execFileSync("mount", [...args, place], { stdio: "ignore" });
  try {
    mount("-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs");
  } catch {
    await rm(place, { recursive: true });
    return null;
  }
  return {
    place,
    remount: (options: string) => mount("-o", `remount,${options}`),
    async [Symbol.asyncDispose]() {
      execFileSync("umount", ["-l", place]);
      await rm(place, { recursive: true, force: true });
    },
  };
}

const probe = await mountSmallDisk(64);
await probe?.[Symbol.asyncDispose]();

const WEEK = "2026-W47";

async function setUp(place: string, rows: number) {
  const stack = new AsyncDisposableStack();
  const registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-disk-models-"));
  onTestFinished(() => rm(registry, { recursive: true, force: true }));
  await publishDemoModel(registry);
  const ml = stack.use(await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` }));
  const cluster = stack.use(await startPostgresCluster());
  const folder = stack.use(await weeklyFolder());
  await writeFile(folder.at("week.csv"), weekCsv(rows));
  const ledger = stack.use(await startLedger());
  const lines: string[] = [];
  const service = stack.use(
    await createSchedulerService({
      ...folder.settings,
      weeksFolder: path.join(place, "weeks"),
      ports: { grpc: 0, web: 0, admin: 0 },
      mlUrl: ml.grpc,
      opsUrl: ledger.url,
      registryRoot: registry,
      defaultModel: "supplier-risk",
      queueUrl: await cluster.createDatabase(),
      cron: "0 6 * * 1",
      timeZone: "UTC",
      inputFolder: folder.at("."),
      input: "week.csv",
      diskCheckMs: 200,
      logger: createLogger({ name: "scheduler", destination: { write: (line) => void lines.push(line) } }),
    }),
  );
  const { grpc, admin } = service.addresses;
  const client = createClient(ScheduleService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpc.port}` }));
  const readyz = async () => {
    const answer = await fetch(`http://127.0.0.1:${admin.port}/readyz`);
    // The second line has facts about the weeks.
    return `${answer.status} ${(await answer.text()).split("\n", 1)[0]}`;
  };
  return {
    ledger,
    client,
    readyz,
    log: () => lines.join(""),
    trigger: () => client.triggerRun({ scheduleId: "weekly", isoWeek: WEEK }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test.skipIf(probe === null)(
  "a disk that fills during a run is named in log, run and /readyz, and the run continues when there is free space (skipped without mount rights)",
  async () => {
    const disk = await mountSmallDisk(360);
    if (disk === null) throw new Error("nothing can be mounted");
    await using _ = disk;
    await using set = await setUp(disk.place, 9_000);
    expect(await set.readyz()).toBe("200 ok");
    const { jobId } = await set.trigger();
    const reported = `${disk.place}/weeks cannot be used: the disk is full (ENOSPC); when it can be used again, the run continues where it stopped`;
    await within(async () => expect(await set.readyz()).toBe(`503 not serving: ${reported}`));
    await within(() => expect(set.ledger.run).toMatchObject({ state: RunState.FAILED, failure: reported }));
    await within(() => expect(set.log()).toMatch(/"type":"DiskError".*"code":"ENOSPC".*weekly job failed/));
    disk.remount("size=64m");
    await within(() => expect(set.ledger.run.state).toBe(RunState.COMPLETE));
    expect(set.ledger.run.rowsScored).toBe(9_000n);
    await within(async () => expect(await set.readyz()).toBe("200 ok"));
    for await (const { state } of set.client.watchProgress({ jobId })) expect(state).not.toBe(RunState.FAILED);
  },
);

test.skipIf(probe === null)(
  "a folder that becomes read-only makes the service not ready, with the reason, until it is writable again (skipped without mount rights)",
  async () => {
    const disk = await mountSmallDisk(8_192);
    if (disk === null) throw new Error("nothing can be mounted");
    await using _ = disk;
    await mkdir(path.join(disk.place, "weeks"));
    await using set = await setUp(disk.place, 100);
    disk.remount("ro");
    const reported = `${disk.place}/weeks cannot be used: the file system is read-only (EROFS); when it can be used again, the run continues where it stopped`;
    await within(async () => expect(await set.readyz()).toBe(`503 not serving: ${reported}`));
    await set.trigger();
    await within(() => expect(set.ledger.run).toMatchObject({ state: RunState.FAILED, failure: reported }));
    disk.remount("rw");
    await within(() => expect(set.ledger.run.state).toBe(RunState.COMPLETE));
    await within(async () => expect(await set.readyz()).toBe("200 ok"));
  },
);
