import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { failedStart, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

// A new process loads all modules: seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let cluster: PostgresCluster;
let folder = "";
beforeAll(async () => {
  cluster = await startPostgresCluster();
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-scheduler-"));
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Starts the service with a working database and data folder, unless `env` overrides them. */
async function start(env: Record<string, string>) {
  const good = { DATABASE_URL: await cluster.createDatabase(), BELLWETHER_DATA_DIR: path.join(folder, "data") };
  return failedStart("scheduler-service", { ...good, ...env });
}

test("without a store for the jobs, the error names the variables to set", async () => {
  expect(await failedStart("scheduler-service", {})).toEqual({
    code: 1,
    lines: ["set REDIS_URL or DATABASE_URL: the jobs need a store; npx bellwether start brings its own"],
  });
});

test("a store that cannot be used is one line without its password", async () => {
  expect(await start({ REDIS_URL: "redis://:hidden@127.0.0.1:1" })).toEqual({
    code: 1,
    lines: ["Redis at redis://127.0.0.1:1 cannot be used: nothing listens there. Start it, or correct REDIS_URL"],
  });
  const url = new URL(await cluster.createDatabase());
  url.password = "hidden";
  expect(await start({ DATABASE_URL: url.href })).toEqual({
    code: 1,
    lines: [
      `PostgreSQL at postgres://${url.host}${url.pathname} cannot hold the queues: password authentication failed for user "bellwether". Start it, or correct DATABASE_URL`,
    ],
  });
});

test("all violations of the environment are reported at once", async () => {
  const env = { WEEKLY_CRON: "every monday", WEEKLY_TIME_ZONE: "Mars/Phobos", SCHEDULER_SERVICE_WEB_PORT: "99999" };
  expect(await start(env)).toEqual({
    code: 1,
    lines: [
      "3 invalid or missing variable(s) in the environment:",
      '  SCHEDULER_SERVICE_WEB_PORT: found "99999", expected a port from 0 to 65535 (0 = any free one)',
      '  WEEKLY_CRON: found "every monday", expected a cron pattern of five fields such as "0 6 * * 1"',
      '  WEEKLY_TIME_ZONE: found "Mars/Phobos", expected an IANA time zone such as Europe/Berlin',
    ],
  });
});

test("a cron pattern that matches no time is one line", async () => {
  const { code, lines } = await start({ WEEKLY_CRON: "99 * * * *" });
  expect(code).toBe(1);
  expect(lines).toEqual([expect.stringMatching(/^the cron pattern "99 \* \* \* \*" cannot be used: .*WEEKLY_CRON$/)]);
});

test("the time of the next run is a metric, which is 0 while the schedule is paused", async () => {
  await using service = await startService("scheduler-service", {
    DATABASE_URL: await cluster.createDatabase(),
    BELLWETHER_DATA_DIR: path.join(folder, "metric"),
  });
  const client = createClient(ScheduleService, createGrpcTransport({ baseUrl: service.grpc }));
  const metric = async () =>
    /^bellwether_schedule_next_run\S* (\S+)/m.exec(await (await fetch(`${service.admin}/metrics`)).text())?.[1];
  const [schedule] = (await client.listSchedules({})).schedules;
  expect(Number(await metric())).toBe(Number(schedule?.nextRunAt?.seconds));
  await client.pauseSchedule({ scheduleId: "weekly" });
  expect(await metric()).toBe("0");
  const text = await (await fetch(`${service.admin}/metrics`)).text();
  expect(text).toMatch(/^bellwether_rpc_calls\{[^}]*state="in_flight"[^}]*\} 0$/m);
});

test("a port in use is one line", async () => {
  const { port } = new URL(await cluster.createDatabase());
  const { code, lines } = await start({ SCHEDULER_SERVICE_ADMIN_PORT: port });
  expect(code).toBe(1);
  expect(lines).toEqual([expect.stringMatching(new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port} for admin: `))]);
});

test("a data folder that cannot be written is one line at the start, not a failed run later", async () => {
  const file = path.join(folder, "file");
  await writeFile(file, "");
  const { code, lines } = await start({ BELLWETHER_DATA_DIR: path.join(file, "data") });
  expect(code).toBe(1);
  expect(lines).toEqual([expect.stringMatching(/^the data folder \S+ cannot be written \(ENOTDIR\): .*DATA_DIR/)]);
});

test("a missing configuration file is named, and no files are left behind", async () => {
  const { code, lines } = await start({
    BELLWETHER_FEATURE_MAPPING: "config/none.yaml",
    BELLWETHER_DATA_DIR: path.join(folder, "untouched"),
  });
  expect(code).toBe(1);
  expect(lines.join("\n")).toMatch(
    /config\/none\.yaml:1:1 found no file at this path, .*; BELLWETHER_FEATURE_MAPPING names another file/,
  );
  expect(await readdir(folder)).not.toContain("untouched");
});
