import { randomUUID } from "node:crypto";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { createLocalKeys, issueToken } from "@bellwether/mesh/auth/local-keys";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunningCommands, startCommands } from "../../services/cli/test/running-commands.ts";

// Each test starts the command several times, while other tests run.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let cluster: PostgresServer;
let ops: ServiceProcess;
let commands: RunningCommands;
let databaseUrl = "";
let folder = "";
const at = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  commands = startCommands();
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-audit-commands-"));
  const keys = await createLocalKeys(at("keys"));
  for (const role of ["admin", "analyst", "service"] as const)
    await writeFile(
      at(role),
      await issueToken(keys.privateKeyFile, { subject: role, roles: [role], lifetimeS: 3_600 }),
    );
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  ops = await startService(
    "ops-service",
    {
      DATABASE_URL: databaseUrl,
      BELLWETHER_AUTH_JWKS_FILE: keys.publicKeysFile,
      BELLWETHER_AUDIT_CALLS: "true",
      BELLWETHER_AUDIT_CHECKPOINT_EVENTS: "5",
      BELLWETHER_AUDIT_CHECKPOINT_URL: `file:${at("store")}`,
      BELLWETHER_LOG_LEVEL: "info",
    },
    { stdout: "collect" },
  );
  const token = await readFile(at("service"), "utf8");
  const transport = createGrpcTransport({
    baseUrl: ops.grpc,
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${token}`);
        return next(request);
      },
    ],
  });
  await createClient(AuditService, transport).appendEvents(
    (async function* () {
      yield {
        events: Array.from({ length: 12 }, (_, i) => ({
          ...{ eventId: randomUUID(), kind: "prediction.served", actor: "erp", subject: `S_${i}` },
          ...{ occurredAt: timestampNow(), payloadJson: '{"risk_score":0.5}' },
        })),
      };
    })(),
  );
});
afterAll(async () => {
  await commands?.[Symbol.asyncDispose]();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function bellwether(role: string, ...args: readonly string[]) {
  const env = { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpc, BELLWETHER_TOKEN_FILE: at(role) };
  const { code, stdout, stderr } = await commands.run({ args: ["audit", ...args], env, cwd: folder });
  return { code, stdout, stderr, json: () => JSON.parse(stdout.trim().split("\n").at(-1) ?? "") };
}

/** Calls are recorded after they were answered. */
async function denialIsRecorded(): Promise<void> {
  const pool = await openPostgres(databaseUrl, { max: 1 });
  const denials = "select 1 from bellwether.audit_event where kind = 'call.refused' and actor = 'analyst'";
  await expect.poll(async () => (await pool.query(denials)).rowCount, { timeout: 60_000 }).toBe(1);
  await pool.close();
}

test("an auditor verifies the log, exports it, and verifies the file with the key and checkpoints alone", async () => {
  expect((await bellwether("analyst", "verify")).code).toBe(1);
  await denialIsRecorded();
  const verified = await bellwether("admin", "verify", "--incremental", "--json");
  expect(verified.json()).toMatchObject({
    holds: true,
    first_broken: null,
    newest_checkpoint: { sequence: expect.any(Number) },
  });
  await writeFile(at("key.pem"), (await bellwether("admin", "key")).stdout);
  await writeFile(at("checkpoints.jsonl"), (await bellwether("admin", "checkpoints")).stdout);
  const checked = ["--checkpoint", "checkpoints.jsonl", "--public-key", "key.pem"];
  const whole = await bellwether("admin", "verify", ...checked);
  expect([whole.code, whole.stderr]).toEqual([0, ""]);
  expect(whole.stdout).toMatch(
    /^the log holds: .* records verified, up to \d+; 0 erased payloads; \d+ checkpoints? compared$/m,
  );
  expect(whole.stdout).toContain(
    'the log can be rewritten by ops-service: the database role "bellwether" is a superuser',
  );

  for (const file of ["log.jsonl", "log.csv", "log.parquet"]) {
    expect(await bellwether("admin", "export", file)).toMatchObject({ code: 0, stderr: "" });
    const offline = await bellwether("nobody", "verify", file, ...checked, "--json");
    expect([file, offline.code, offline.json().holds, offline.json().checkpoints > 0]).toEqual([file, 0, true, true]);
  }
  const log = await readFile(at("log.jsonl"), "utf8");
  // The denied call of the analyst is an event.
  expect(log).toMatch(/"kind":"call\.refused","actor":"analyst".*VerifyChain.*PERMISSION_DENIED/);
  expect(log).toMatch(/"kind":"prediction\.served","actor":"erp".*"recorded_by":"service"/);

  await writeFile(at("edited.jsonl"), log.replace('"subject":"S_3"', '"subject":"S_9"'));
  const edited = await bellwether("nobody", "verify", "edited.jsonl");
  expect(edited.code).toBe(1);
  expect(edited.stderr).toMatch(
    /the log was changed at record \d+ \(event [0-9a-f-]{36}\): its content does not have its hash/,
  );
  await writeFile(at("cut.jsonl"), log.slice(0, log.length / 2));
  const cut = await bellwether("nobody", "verify", "cut.jsonl");
  expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining("the file was cut off in it")]);

  const [line = ""] = (await readFile(at("checkpoints.jsonl"), "utf8")).split("\n");
  await writeFile(at("forged.jsonl"), line.replace(/"sequence":\d+/, '"sequence":3'));
  const forged = await bellwether(
    "nobody",
    "verify",
    "log.jsonl",
    "--checkpoint",
    "forged.jsonl",
    "--public-key",
    "key.pem",
  );
  expect([forged.code, forged.stderr]).toEqual([
    2,
    expect.stringContaining("the checkpoint of record 3 is forged or damaged"),
  ]);
  const unsigned = await bellwether("nobody", "verify", "log.jsonl", "--checkpoint", "checkpoints.jsonl");
  expect([unsigned.code, unsigned.stderr]).toEqual([2, expect.stringContaining("--checkpoint needs --public-key")]);
});

test("checkpoints are in the log and in the store, and show that the log was cut", async () => {
  await vi.waitFor(() => expect(ops.output()).toContain("audit checkpoint"), { timeout: 30_000 });
  await appendFile(at("service.log"), ops.output());
  const pool = await openPostgres(databaseUrl, { max: 1 });
  await pool.query("set session_replication_role = replica");
  await pool.query(`with cut as (delete from bellwether.audit_event where sequence > 4), gone as (delete from bellwether.audit_checkpoint)
    update bellwether.audit_head set sequence = 4, hash = (select hash from bellwether.audit_event where sequence = 4)`);
  await pool.close();
  const cut = await bellwether("admin", "verify", "--checkpoint", "service.log");
  expect(cut.code).toBe(1);
  expect(cut.stderr).toMatch(
    /the log was changed at record 5: the log ends with record 4, but a checkpoint has record \d+: the end was cut off/,
  );
  const { stdout } = await bellwether("admin", "verify", "--json");
  expect(stdout).toContain('"holds"');
});
