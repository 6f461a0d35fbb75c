import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { runNode } from "@bellwether/testing/node-process";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

// Each process loads all its modules: this takes seconds on a busy machine.
vi.setConfig({ hookTimeout: 180_000 });

const START = path.join(import.meta.dirname, "start-process.ts");
/** A process that is still open after this time is ended by SIGKILL. */
const OPEN_MS = 120_000;
const NOWHERE = "http://127.0.0.1:1";

let cluster: PostgresServer;
let folder = "";
const holder = net.createServer();
let taken = "";

beforeAll(async () => {
  cluster = await usePostgres();
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

interface FailedStarts {
  /** Exit code of the process, or the signal that ended it because a handle was open. */
  readonly ended: unknown;
  /** What each start printed, with its exit code as the last line; then what the process printed after them. */
  readonly said: readonly string[];
}

/** Starts a service several times in one process, which ends by itself unless one of the starts leaves a handle open. */
async function startEach(name: string, starts: readonly Env[]): Promise<FailedStarts> {
  const prefix = name.toUpperCase().replace("-", "_");
  const ports = Object.fromEntries(["GRPC", "WEB", "ADMIN"].map((listener) => [`${prefix}_${listener}_PORT`, "0"]));
  const env = { ...PROCESS_ENV, ...ports, BELLWETHER_DATA_DIR: path.join(folder, "data") };
  const { code, signal, stderr } = await runNode(START, {
    args: [name, JSON.stringify(starts)],
    env,
    timeoutMs: OPEN_MS,
  });
  return { ended: code ?? signal, said: stderr.split(/(?<=^exit code \d+\n)/m) };
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
  let starts: FailedStarts;
  beforeAll(async () => {
    const envs = await Promise.all(
      steps.map(async ([, env]) => {
        const DATABASE_URL = name === "ml-service" ? "" : await cluster.createDatabase();
        return { DATABASE_URL, ...env() };
      }),
    );
    starts = await startEach(name, envs);
  });

  it.each(steps.map(([step, , said], start) => [step, said, start] as const))(
    "at %s says why and has the exit code 1",
    (_, said, start) => {
      expect(starts.said[start]).toMatch(said);
      expect(starts.said[start]).toMatch(/^exit code 1\n$/m);
    },
  );

  it("leaves nothing open at any of these steps: the process of all starts ends", () => {
    expect(starts).toMatchObject({ ended: 0, said: { length: steps.length } });
  });
});
