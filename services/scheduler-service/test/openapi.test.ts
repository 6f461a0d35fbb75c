import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, publishDemoModel } from "@bellwether/testing/demo-model";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createSchedulerService } from "../src/service.ts";
import { weeklyFolder } from "./weekly-fixture.ts";

vi.setConfig({ testTimeout: 60_000 });

const ajv = new Ajv2020({ strict: false, validateFormats: false });
let cluster: PostgresCluster;
let service: Awaited<ReturnType<typeof createSchedulerService>>;
let folder: Awaited<ReturnType<typeof weeklyFolder>>;
let registry = "";
let web = "";

beforeAll(async () => {
  ajv.addSchema(JSON.parse(await readFile(new URL("../../lib/mesh/openapi.json", import.meta.url), "utf8")), "openapi");
  registry = await mkdtemp(path.join(os.tmpdir(), "scheduler-openapi-"));
  await publishDemoModel(registry);
  cluster = await startPostgresCluster();
  folder = await weeklyFolder();
  service = await createSchedulerService({
    ...folder.settings,
    ...{ ports: { grpc: 0, web: 0, admin: 0 }, mlUrl: "http://127.0.0.1:9", opsUrl: "http://127.0.0.1:9" },
    ...{ registryRoot: registry, defaultModel: DEMO_SPEC.name, queueUrl: await cluster.createDatabase() },
    ...{ cron: "0 6 * * 1", timeZone: "Europe/Berlin", inputFolder: folder.at("."), input: "week.csv", lockMs: 30_000 },
    logger: createLogger({ name: "scheduler", level: "silent" }),
  });
  web = `http://127.0.0.1:${service.addresses.web.port}`;
}, 120_000);
afterAll(async () => {
  await service?.stop();
  await folder?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(registry, { recursive: true, force: true });
});

function violations(schema: string, answer: unknown): unknown {
  const validate = ajv.getSchema(`openapi#/components/schemas/${schema}`);
  if (!validate) throw new Error(`the document has no schema ${schema}`);
  return validate(answer) ? [] : validate.errors;
}

const post = (target: string, body: unknown) =>
  fetch(`${web}${target}`, {
    ...{ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
  });

test("ListSchedules and PauseSchedule answer as the document says", async () => {
  const listed = await (await post("/bellwether.schedule.v1.ScheduleService/ListSchedules", {})).json();
  expect(violations("bellwether.schedule.v1.ListSchedulesResponse", listed)).toEqual([]);
  expect(violations("bellwether.schedule.v1.ListSchedulesResponse", { ...listed, another: 1 })).not.toEqual([]);
  const { scheduleId } = listed.schedules[0];
  const paused = await (await post("/bellwether.schedule.v1.ScheduleService/PauseSchedule", { scheduleId })).json();
  expect(violations("bellwether.schedule.v1.PauseScheduleResponse", paused)).toEqual([]);
});

test("an error of an RPC is Connect's in the document, and one of a path is its problem", async () => {
  const error = await post("/bellwether.schedule.v1.ScheduleService/PauseSchedule", { scheduleId: "none" });
  expect([error.status, violations("ConnectError", await error.json())]).toEqual([404, []]);
  const problem = await fetch(`${web}/nowhere`);
  expect([problem.status, violations("Problem", await problem.json())]).toEqual([404, []]);
});

test("the document of this service has its RPCs, the watch too", async () => {
  const { paths } = await (await fetch(`${web}/openapi.json`)).json();
  expect(Object.keys(paths).filter((name) => !name.startsWith("/bellwether."))).toEqual([]);
  expect(paths).toHaveProperty(["/bellwether.schedule.v1.ScheduleService/WatchProgress"]);
});
