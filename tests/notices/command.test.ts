import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createLocalKeys, issueToken } from "@bellwether/mesh/auth/local-keys";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type RunningCommands, startCommands } from "../../services/cli/test/running-commands.ts";
import { type Receiver, startReceiver } from "../../services/ops-service/test/notice-receiver.ts";

// Each test starts the command several times, while other tests run.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let cluster: PostgresServer;
let ops: ServiceProcess;
let commands: RunningCommands;
let receiver: Receiver;
let folder = "";
let databaseUrl = "";
let status = 204;

beforeAll(async () => {
  commands = startCommands();
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-notices-"));
  const keys = await createLocalKeys(path.join(folder, "keys"));
  for (const role of ["admin", "analyst", "viewer"] as const)
    await writeFile(
      path.join(folder, role),
      await issueToken(keys.privateKeyFile, { subject: role, roles: [role], lifetimeS: 3_600 }),
    );
  receiver = await startReceiver((response) => response.writeHead(status).end());
  await writeFile(
    path.join(folder, "routes.yaml"),
    "version: 1\ndestinations: [{ name: hook, channel: webhook, address_from: NOTICE_HOOK, allow_private_networks: true, " +
      'digest: { on: monday, at: "07:30" }, quiet_hours: { from: "03:00", to: "03:01" } }]\n',
  );
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  ops = await startService("ops-service", {
    DATABASE_URL: databaseUrl,
    BELLWETHER_AUTH_JWKS_FILE: keys.publicKeysFile,
    BELLWETHER_NOTICE_ROUTES: path.join(folder, "routes.yaml"),
    NOTICE_HOOK: receiver.url,
  });
});
afterAll(async () => {
  await commands?.[Symbol.asyncDispose]();
  await ops?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function bellwether(role: string, ...args: readonly string[]) {
  const env = { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpc, BELLWETHER_TOKEN_FILE: path.join(folder, role) };
  const { code, stdout, stderr } = await commands.run({ args: ["notices", ...args], env, cwd: folder });
  return { code, stdout, stderr, json: () => JSON.parse(stdout.trim().split("\n").at(-1) ?? "") };
}

test("a test notice is delivered, shown with its log, and listed", async () => {
  const sent = await bellwether("admin", "test", "hook", "--wait", "120", "--json");
  expect([sent.code, sent.json().state, sent.json().kind]).toEqual([0, "delivered", "test"]);
  const id: string = sent.json().notice_id;
  expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([id]);
  const shown = await bellwether("analyst", "show", id);
  expect(shown.stdout).toMatch(/state {8}delivered/);
  expect(shown.stdout).toMatch(/attempt 1 .* delivered after \d+ ms/);
  const { stdout } = await bellwether("analyst", "list", "--state", "delivered");
  expect(stdout).toContain(id);
  expect((await bellwether("viewer", "list")).code).toBe(1);
});

test("a destination that answers 410 is disabled; it is enabled, and its dead notice is replayed with the same id", async () => {
  status = 410;
  const gone = await bellwether("admin", "test", "hook", "--wait", "120");
  expect(gone.code).toBe(1);
  expect(gone.stderr).toContain("the test notice is dead");
  expect(gone.stderr).toContain(
    "the destination hook is disabled now and gets nothing: bellwether notices enable hook",
  );
  const { stdout } = await bellwether("analyst", "destinations");
  expect(stdout).toMatch(/^hook {2}webhook {2}disabled since .*410.* 1 dead/m);
  // Neither the address nor its path is shown anywhere.
  expect(stdout + gone.stdout + gone.stderr).not.toContain("T0SECRET");
  status = 204;
  expect((await bellwether("analyst", "enable", "hook")).code).toBe(1);
  expect((await bellwether("admin", "enable", "hook")).stdout).toContain("active");
  const [dead] = (await bellwether("admin", "list", "--state", "dead", "--json")).json().notices;
  const replayed = await bellwether("admin", "replay", "--all", "--destination", "hook", "--json");
  expect(replayed.json().replayed.map(({ notice_id: id }: { notice_id: string }) => id)).toEqual([dead.notice_id]);
  await vi.waitFor(
    () => expect(receiver.received.filter(({ headers }) => headers["webhook-id"] === dead.notice_id)).toHaveLength(2),
    { timeout: 60_000 },
  );
});

test("destinations say when they get what, and that no notice will ever be sent without routes", async () => {
  const { stdout } = await bellwether("analyst", "destinations");
  expect(stdout).toMatch(/^ {2}gets +nothing but tests: no route, owner or escalation sends to it$/m);
  expect(stdout).toMatch(/^ {2}quiet hours +03:00 to 03:01( \(now\))?, UTC$/m);
  expect(stdout).toMatch(/^ {2}digest +07:30 on monday, UTC; next \d{4}-\d\d-\d\dT07:30:00\.000Z$/m);
  expect(stdout).toMatch(/^ {2}next delivery +nothing waits; what is sent at once would be sent \d{4}-/m);
  expect(stdout).toMatch(/^no notice of an alert will ever be sent: no route, owner or escalation/m);
  const ready = await fetch(`${ops.admin}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([
    200,
    expect.stringContaining("no notice of an alert will ever be sent: no route, owner or escalation of "),
  ]);
});

test("a list of waiting notices, or of all, says what is collected for later", async () => {
  const pool = await openPostgres(databaseUrl, { max: 1 });
  onTestFinished(() => pool.close());
  await pool.query(
    `insert into bellwether.notice_item (destination, kind, recipient, due_at, item)
     select 'hook', 'digest', 'hook', '2099-01-05 07:30:00+00', '{}' from generate_series(1, 2)`,
  );
  const line =
    "2 changes of alerts are collected for hook (digest or quiet hours), next delivery at 2099-01-05 07:30 UTC: notices destinations\n";
  for (const state of [["--state", "waiting"], []])
    expect((await bellwether("analyst", "list", ...state)).stdout).toContain(line);
  expect((await bellwether("analyst", "list", "--state", "delivered")).stdout).not.toContain("collected");
  expect((await bellwether("analyst", "list", "--json")).json().collected).toEqual([
    { destination: "hook", collected: 2, next_delivery_at: "2099-01-05T07:30:00.000Z" },
  ]);
  await pool.query("delete from bellwether.notice_item");
});

test("wrong use is exit code 2, and says what is expected", async () => {
  const cases = [
    [["replay"], /give ids of notices, or --all/],
    [["replay", "--all"], /--all and --destination belong together/],
    [["list", "--state", "lost"], /waiting, delivered, dead/],
    [["list", "--destination", "Hook!"], /name of a destination/],
    [["list", "--destination", "hok"], /--destination hok is not a destination.*did you mean "hook"\? known: hook/],
    [["show", "7"], /the notice/],
  ] as const;
  for (const [args, message] of cases) {
    const { code, stderr } = await bellwether("admin", ...args);
    expect([args.join(" "), code]).toEqual([args.join(" "), 2]);
    expect(stderr).toMatch(message);
  }
  const unknown = await bellwether("admin", "test", "nowhere");
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("no destination")]);
});

test("the admin listener has the metrics of the outbox", async () => {
  await vi.waitFor(
    async () => {
      const text = await (await fetch(`${ops.admin}/metrics`)).text();
      expect(text).toMatch(/^bellwether_notices_attempts_total\{.*outcome="delivered"/m);
      expect(text).toMatch(/^bellwether_notices_outbox_depth/m);
      expect(text).toMatch(/^bellwether_notices_outbox_oldest_age/m);
    },
    { timeout: 60_000 },
  );
});
