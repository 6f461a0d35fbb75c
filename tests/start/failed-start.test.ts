import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { runNode } from "@bellwether/testing/node-process";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

// Each process loads all its modules: this takes seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const START = path.join(import.meta.dirname, "start-process.ts");
/** A process that is still open after this time is ended by SIGKILL. */
const OPEN_MS = 60_000;
const NOWHERE = "http://127.0.0.1:1";

let cluster: PostgresCluster;
let folder = "";
const holder = net.createServer();
let taken = "";

beforeAll(async () => {
  cluster = await startPostgresCluster();
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-failed-start-"));
  await writeFile(path.join(folder, "file"), "no folder");
  await once(holder.listen(0, "127.0.0.1"), "listening");
  const address = holder.address();
  taken = String(typeof address === "object" ? address?.port : "");
});
afterAll(async () => {
  holder.close();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

type Env = Readonly<Record<string, string>>;

/** Starts a service in a process that ends by itself unless a handle stays open. */
async function start(name: string, env: Env): Promise<{ readonly ended: unknown; readonly said: string }> {
  const prefix = name.toUpperCase().replace("-", "_");
  const ports = Object.fromEntries(["GRPC", "WEB", "ADMIN"].map((listener) => [`${prefix}_${listener}_PORT`, "0"]));
  const options = {
    env: { ...PROCESS_ENV, ...ports, BELLWETHER_DATA_DIR: path.join(folder, "data"), ...env },
    timeoutMs: OPEN_MS,
  };
  const { code, signal, stdout, stderr } = await runNode(START, { args: [name], ...options });
  return { ended: code ?? signal, said: `${stdout}${stderr}` };
}

type Step = readonly [step: string, env: () => Env, said: RegExp];

/** Steps that `runService` takes in the same way for every service. */
const SHARED: readonly Step[] = [
  ["its variables", () => ({ ML_SERVICE_WEB_PORT: "x" }), /_WEB_PORT: found "x"/],
  [
    "its certificate",
    () => ({ BELLWETHER_TLS_CERT: "/none.pem", BELLWETHER_TLS_KEY: "/none.pem" }),
    /\/none\.pem cannot be read/,
  ],
  ["its token keys", () => ({ BELLWETHER_AUTH_JWKS_FILE: "/none.json" }), /none\.json/],
  ["its telemetry", () => ({ OTEL_TRACES_SAMPLER: "sometimes" }), /OTEL_TRACES_SAMPLER/],
  [
    "its admin listener, with exporters and token keys on",
    () => ({
      ML_SERVICE_ADMIN_PORT: taken,
      OTEL_EXPORTER_OTLP_ENDPOINT: NOWHERE,
      BELLWETHER_AUTH_JWKS_URL: `${NOWHERE}/jwks.json`,
    }),
    /another process holds it/,
  ],
];

/** The listeners open one after the other: when the third fails, two have to be closed. */
const listeners = (prefix: string): readonly Step[] =>
  ["GRPC", "WEB", "ADMIN"].map((listener) => [
    `its ${listener} port`,
    () => ({ [`${prefix}_${listener}_PORT`]: taken }),
    /another process holds it/,
  ]);

const SERVICES: Readonly<Record<string, readonly Step[]>> = {
  "ml-service": [
    ...SHARED,
    ...listeners("ML_SERVICE"),
    [
      "its audit file",
      () => ({ BELLWETHER_AUDIT_SINK: `file:${path.join(folder, "file", "audit.jsonl")}` }),
      /audit\.jsonl/,
    ],
    [
      "its WEB port, with the audit spool open",
      () => ({ BELLWETHER_AUDIT_SINK: "ops", OPS_SERVICE_URL: NOWHERE, ML_SERVICE_WEB_PORT: taken }),
      /another process holds it/,
    ],
  ],
  "ops-service": [
    ...listeners("OPS_SERVICE"),
    ["its alert rules", () => ({ BELLWETHER_ALERT_RULES: "/none.yaml" }), /none\.yaml/],
    ["its risk policy", () => ({ BELLWETHER_RISK_POLICY: "/none.yaml" }), /none\.yaml/],
    ["its database", () => ({ DATABASE_URL: "postgres://a:b@127.0.0.1:1/ops" }), /nothing listens there/],
  ],
  "scheduler-service": [
    ...listeners("SCHEDULER_SERVICE"),
    ["its configuration pair", () => ({ BELLWETHER_MODEL_CONFIG: "/none.yaml" }), /none\.yaml/],
    ["its queue", () => ({ REDIS_URL: "redis://127.0.0.1:1" }), /nothing listens there/],
    ["its schedule", () => ({ WEEKLY_CRON: "99 * * * *" }), /cannot be used/],
  ],
};

describe.each(Object.entries(SERVICES))("%s whose start fails", (name, steps) => {
  it.each(steps)("at %s leaves nothing open, and its process ends", async (_, env, said) => {
    const DATABASE_URL = name === "ml-service" ? "" : await cluster.createDatabase();
    const end = await start(name, { DATABASE_URL, ...env() });
    expect(end).toEqual({ ended: 1, said: expect.stringMatching(said) });
  });
});
