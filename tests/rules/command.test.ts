import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createLocalKeys, issueToken } from "@bellwether/mesh/auth/local-keys";
import { runNode } from "@bellwether/testing/node-process";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

// The command is started many times, while other tests run.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const ROOT = path.resolve(import.meta.dirname, "../..");
const CLI = path.join(ROOT, "services/cli/bellwether.js");

let cluster: PostgresCluster;
let ops: ServiceProcess;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-rules-"));
  const keys = await createLocalKeys(path.join(folder, "keys"));
  for (const role of ["admin", "analyst", "viewer"] as const)
    await writeFile(
      path.join(folder, role),
      await issueToken(keys.privateKeyFile, { subject: role, roles: [role], lifetimeS: 3_600 }),
    );
  cluster = await startPostgresCluster();
  ops = await startService("ops-service", {
    DATABASE_URL: await cluster.createDatabase(),
    BELLWETHER_AUTH_JWKS_FILE: keys.publicKeysFile,
    BELLWETHER_ALERT_RULES: path.join(ROOT, "config/alert_rules.yaml"),
  });
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function rules(role: string, ...args: readonly string[]) {
  const env = { ...PROCESS_ENV, OPS_SERVICE_URL: ops.grpc, BELLWETHER_TOKEN_FILE: path.join(folder, role) };
  const { code, stdout, stderr } = await runNode(CLI, { args: ["rules", ...args], env, cwd: folder });
  return { code, stdout, stderr, json: () => JSON.parse(stdout.trim().split("\n").at(-1) ?? "") };
}

test("rules are shown, drafted, activated by an administrator only, and listed with who and why", async () => {
  const file = path.join(folder, "draft.yaml");
  expect((await rules("viewer", "history", "default")).stdout).toBe(
    "no draft of the rule set default was activated: its rules are those of the file\n",
  );
  const shown = await rules("viewer", "show");
  expect(shown.stdout).toMatch(/^default: of the file; all suppliers of no other set; hash [0-9a-f]{12}$/m);
  expect(shown.stdout).toContain("high-score: Raises an alert with a score of at least 0.7 in 2 runs in a row");
  expect(shown.stdout).toContain("budget: 10 new alerts a week");
  const { stdout: yaml } = await rules("viewer", "show", "default", "--yaml");
  await writeFile(file, yaml.replace("raise: 0.7", "raise: 0.75"));
  expect((await rules("viewer", "draft", file)).code).toBe(1);
  const drafted = await rules("analyst", "draft", file);
  expect([drafted.code, drafted.stderr]).toEqual([0, ""]);
  expect(drafted.stdout).toContain("draft version 1 by analyst");
  const repeated = await rules("analyst", "draft", file);
  expect([repeated.code, repeated.stdout]).toEqual([0, drafted.stdout]);
  await writeFile(file, yaml.replace("raise: 0.7", "raise: 0.8"));
  const other = await rules("admin", "draft", file);
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("version 1 by analyst: read it with")]);
  // An invalid file is reported before the draft that the set has.
  await writeFile(file, yaml.replace("id: default", "id: Bad Id"));
  const badId = await rules("admin", "draft", file);
  expect([badId.code, badId.stderr]).toEqual([2, expect.stringMatching(/id: line \d+, column \d+: found "Bad Id"/)]);
  await writeFile(file, "raise: [0.8\n");
  const noYaml = await rules("admin", "draft", file);
  expect([noYaml.code, noYaml.stderr]).toEqual([2, expect.stringMatching(/line \d+, column \d+: .*YAML/)]);
  expect((await rules("viewer", "show", "--yaml", "--draft")).stdout).toContain("raise: 0.75");
  await writeFile(file, yaml.replace("raise: 0.7", "raise: 0.8"));
  expect((await rules("admin", "draft", file, "--version", "1")).stdout).toContain("draft version 2 by admin");
  // Without weeks, there is nothing to test it on.
  const tested = await rules("analyst", "backtest");
  expect([tested.code, tested.stderr]).toEqual([1, expect.stringContaining("no complete run")]);
  const stale = await rules("analyst", "draft", file, "--version", "7");
  expect([stale.code, stale.stderr]).toEqual([1, expect.stringContaining("it has version 2 now, by admin")]);
  expect((await rules("analyst", "activate", "--reason", "calmer")).code).toBe(1);
  const activated = await rules("admin", "activate", "--reason", "calmer weeks", "--json");
  expect([activated.code, activated.json()]).toMatchObject([0, { number: 1, actor: "admin", reason: "calmer weeks" }]);
  const { stdout } = await rules("viewer", "history");
  expect(stdout).toMatch(/^1 {2}\S+ {2}default {2}[0-9a-f]{12} → [0-9a-f]{12} {2}admin: calmer weeks$/m);
  const list = await rules("viewer", "list");
  expect(list.stdout).toMatch(/^default: activated by admin on \d{4}-\d\d-\d\d; all suppliers of no other set; hash/m);
});

test("an added rule set is retired by an administrator only, and the history keeps it; a set of the file is not", async () => {
  const file = path.join(folder, "us.yaml");
  const { stdout: yaml } = await rules("viewer", "show", "default", "--yaml");
  const ofUs = yaml
    .replace("id: default", "id: us\napplies_to: { regions: [US] }")
    .replace("id: high-score", "id: us-score")
    .replace("id: weekly-capacity", "id: us-capacity");
  await writeFile(file, ofUs);
  await rules("analyst", "draft", file);
  expect((await rules("viewer", "history", "us")).stdout).toBe(
    "the rule set us was never active: it is only a draft\n",
  );
  const activated = await rules("admin", "activate", "us", "--reason", "own limits", "--json");
  const retire = ["retire", "us", "--reason", "common rules again"];
  expect((await rules("analyst", ...retire)).code).toBe(1);
  const stale = await rules("admin", ...retire, "--activation", String(activated.json().number + 1));
  expect([stale.code, stale.stderr]).toEqual([1, expect.stringContaining("was activated by another activation")]);
  const retired = await rules("admin", ...retire);
  expect([retired.code, retired.stderr]).toEqual([0, ""]);
  expect(retired.stdout).toMatch(/us {2}[0-9a-f]{12} → nothing {2}admin, retired: common rules again$/m);
  expect(retired.stdout).toContain("the next run does not use these rules; it resolves 0 open alerts of the set");
  expect(retired.stdout).toContain("the rule set default applies to the suppliers of the set");
  expect((await rules("viewer", "list")).stdout).toMatch(/^us: retired by admin on \d{4}-\d\d-\d\d$/m);
  const list = await rules("viewer", "list", "--json");
  expect(list.json().rule_sets[1]).toMatchObject({ source: "retired", in_file: false, hash: null });
  expect((await rules("viewer", "history", "us")).stdout.trim().split("\n")).toHaveLength(2);
  const again = await rules("admin", "retire", "us", "--reason", "once more");
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('no active rule set has the id "us"')]);
  const ofFile = await rules("admin", "retire", "default", "--reason", "calmer");
  expect([ofFile.code, ofFile.stderr]).toEqual([1, expect.stringContaining("is also in config/alert_rules.yaml")]);
  expect((await rules("admin", "retire", "us")).code).toBe(2);
});

test("wrong names, files and options end with a sentence", async () => {
  const unknown = await rules("viewer", "show", "defalt");
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("did you mean default?")]);
  const missing = await rules("analyst", "draft", "missing.yaml");
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("missing.yaml cannot be read (ENOENT)")]);
  const file = path.join(folder, "broken.yaml");
  await writeFile(file, `${await readFile(path.join(ROOT, "config/alert_rules.yaml"), "utf8")}\nraise: 1\n`);
  const broken = await rules("analyst", "draft", file);
  expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining('the unknown key "raise"')]);
  expect((await rules("admin", "activate")).code).toBe(2);
  expect((await rules("admin", "show", "--draft")).code).toBe(2);
  const history = await rules("viewer", "history", "emea");
  expect([history.code, history.stderr]).toEqual([1, expect.stringContaining("no rule set emea; there are default")]);
  expect(history.stdout).not.toContain("the rules are those of the file");
});
