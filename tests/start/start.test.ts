import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { hasChromium, startBrowser } from "../dashboard/browser.ts";
import { isSilent, type StartedMesh, startFolder } from "./started-mesh.ts";

// The test starts a database, trains a model and scores 10,500 suppliers: seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const SHARED = path.resolve(import.meta.dirname, "../../../shared/data");
const SUPPLIER =
  '{"supplier_id":"S_00001","past_disputes":7,"financial_stability_index":0.42,"avg_delay":38,"late_ratio":0.45,"avg_payment_delay_days":51,"delivery_score":71,"annual_spend":420000,"contract_value":250000,"dispute_rate":0.2,"avg_delivery_quality":68}';

/** Operations of the OpenAPI document, as far as the test reads them. */
type ReferencePaths = Readonly<Record<string, Readonly<Record<string, ReferenceOperation>>>>;
interface ReferenceOperation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly example?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly "x-example-ids"?: object;
  readonly responses: Readonly<Record<string, { readonly content: object }>>;
}

/** A started demo has one week, no retrain, and no version that the gate has looked at. */
const NOT_ON_DAY_ONE = new Set([
  "SupplierService_ExplainScoreChange",
  "ModelRegistryService_GetGateResult",
  "ScheduleService_GetRetrain",
]);
const READS = /^[a-z]|_(?:Get|List|Search|Query|Verify|Suggest|Predict|Explain|Find|Counterfactual)/;

/** Returns the request of an example that changes nothing. Undefined: it changes something, streams, or needs ids. */
function exampleOf(name: string, verb: string, operation: ReferenceOperation) {
  const { operationId, parameters = [], requestBody, responses } = operation;
  const [type = "", media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const isStream = [type, ...Object.keys(responses["200"]?.content ?? {})].some((one) =>
    /connect\+|event-stream/.test(one),
  );
  if (isStream || !READS.test(operationId) || operation["x-example-ids"] !== undefined) return;
  const query = new URLSearchParams(
    parameters.flatMap(({ name: key, example }) => (example === undefined ? [] : [[key, String(example)]])),
  );
  const body = media === undefined ? {} : { body: JSON.stringify(media.example), headers: { "content-type": type } };
  return { path: `${name}?${query}`, init: { method: verb.toUpperCase(), ...body } };
}

async function json(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  expect({ url, status: response.status }).toEqual({ url, status: 200 });
  return response.json();
}

describe("bellwether start in an empty folder", () => {
  let folder: Awaited<ReturnType<typeof startFolder>>;
  let mesh: StartedMesh;
  beforeAll(async () => {
    folder = await startFolder();
    mesh = await folder.start();
  });
  afterAll(async () => {
    await mesh.end("SIGTERM");
    await folder[Symbol.asyncDispose]();
  });

  test("one weekly run is complete and its counts add up", async () => {
    const { weekly_run, ops_service } = mesh.started;
    expect(weekly_run).toMatchObject({ rows_read: 10_500, rows_scored: 10_500, rows_rejected: 0 });
    const status = await json(`${ops_service.web}/batch/status`);
    expect(status).toMatchObject({ iso_week: weekly_run?.iso_week, state: "complete" });
    expect(Number(status.rows_read)).toBe(Number(status.rows_scored) + Number(status.rows_rejected));
  });

  test("8 to 12 % of the suppliers are high, and the worst of them have alerts", async () => {
    const { ops_service, weekly_run } = mesh.started;
    const { alerts } = await json(`${ops_service.web}/alerts?page_size=200`);
    expect(alerts.length).toBe(Math.min(200, weekly_run?.alerts_raised ?? 0));
    expect(alerts[0]).toMatchObject({ state: "open", severity: "critical" });
    expect(alerts[0].risk_score).toBeGreaterThanOrEqual(0.85);
    const { suppliers, high } = await countHigh(ops_service.web);
    expect(suppliers).toBe(10_500);
    expect(high / suppliers).toBeGreaterThan(0.08);
    expect(high / suppliers).toBeLessThan(0.12);
  });

  test("ops-service serves the page on its web listener", async () => {
    const response = await fetch(mesh.started.dashboard ?? "", { headers: { accept: "text/html" } });
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(await response.text()).toContain("Bellwether");
  });

  test.skipIf(!hasChromium)(
    "a browser shows the alerts, the worst supplier and the run (apt-get install chromium)",
    async () => {
      const browser = await startBrowser();
      onTestFinished(() => browser.close());
      const page = await browser.newPage({ locale: "en" });
      await page.goto(mesh.started.dashboard ?? "");
      await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
      await page.locator(".inbox-rows .inbox-row").nth(8).waitFor();
      await page.locator(".inbox-rows .inbox-row").first().click();
      await page.locator("section.panel h2 a").click();
      await page.getByText("Details", { exact: true }).click();
      await page.getByRole("img", { name: /^Waterfall from the average/ }).waitFor();
      await page.goto(`${mesh.started.dashboard}/#/run`);
      await page.getByText("10,500").first().waitFor();
    },
  );

  test.skipIf(!hasChromium)(
    "in a browser an alert is resolved, another handed over, and a supplier found by its name (apt-get install chromium)",
    async () => {
      const browser = await startBrowser();
      onTestFinished(() => browser.close());
      const page = await browser.newPage({ locale: "en" });
      const rows = page.locator(".inbox-rows .inbox-row");
      const nameOf = async (i: number) => (await rows.nth(i).locator(".cell-name").textContent()) ?? "";
      await page.goto(mesh.started.dashboard ?? "");
      await rows.nth(8).waitFor();
      const [first, second] = [await nameOf(0), await nameOf(1)];
      for (const key of ["r", "3", "Enter"]) await page.keyboard.press(key);
      await page
        .getByRole("status")
        .filter({ hasText: `Resolved: ${first}.` })
        .waitFor();
      for (const key of ["h", "j", "o", "Enter"]) await page.keyboard.press(key);
      await page
        .getByRole("status")
        .filter({ hasText: `Handed over to jo: ${second}.` })
        .waitFor();
      await page.keyboard.press("u");
      await page
        .getByRole("status")
        .filter({ hasText: `Undone: ${second}.` })
        .waitFor();
      await page.getByRole("link", { name: "Decided 1" }).waitFor();
      await page.keyboard.press("Control+k");
      const find = page.getByRole("dialog", { name: "Find" });
      await find.getByRole("combobox").fill(first);
      await find.getByRole("option", { name: first }).first().waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: first }).waitFor();
      await page.getByText(/^High because of /).waitFor();
      await page.getByText("Resolved by Somebody").waitFor();
    },
  );

  test("predict and explain print the same with --url as offline", async () => {
    const predict = ["predict", "--input", SUPPLIER, "--json"];
    const offline = await folder.run(predict);
    const served = await folder.run([...predict, "--url", mesh.started.ml_service.web]);
    const { prediction_id: predictionId, ...score } = JSON.parse(served.stdout);
    expect(predictionId).toMatch(/^[0-9a-f-]{36}$/);
    expect({ ...served, stdout: score }).toEqual({ ...offline, stdout: JSON.parse(offline.stdout) });
    // The event of a call arrives a moment after its answer.
    const replay = ["audit", "replay", predictionId, "--ops", `http://${mesh.started.ops_service.grpc}`];
    await vi.waitFor(
      async () =>
        expect(await folder.run(replay)).toMatchObject({
          code: 0,
          stdout: expect.stringContaining("equal bit for bit"),
        }),
      { timeout: 30_000, interval: 250 },
    );
    const explain = ["explain", "--input", SUPPLIER, "--json"];
    expect((await folder.run([...explain, "--url", mesh.started.ml_service.web])).stdout).toBe(
      (await folder.run(explain)).stdout,
    );
    const counterfactual = ["counterfactual", "--input", SUPPLIER, "--json"];
    const searched = await folder.run([...counterfactual, "--url", mesh.started.ml_service.web]);
    expect(searched.stdout).toBe((await folder.run(counterfactual)).stdout);
    expect(JSON.parse(searched.stdout)).toMatchObject({ outcome: expect.stringMatching(/^(found|already-below)$/) });
    const wrong = ["predict", "--input", '{"supplier_id":"x","late_ratios":1}', "--url", mesh.started.ml_service.web];
    expect(await folder.run(wrong)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "late_ratio"'),
    });
  });

  test.skipIf(!existsSync(SHARED))(
    "a week of real deliveries raises alerts with the names of real vendors (needs the shared data)",
    async () => {
      const pair = ["model_config", "feature_mapping"].map((name) => `config/examples/scms/${name}.yaml`);
      const config = ["--config", pair[0] ?? "", "--mapping", pair[1] ?? ""];
      expect(await folder.run(["train", ...config, "--data", SHARED, "--publish"])).toMatchObject({ code: 0 });
      const { ops_service, ml_service } = mesh.started;
      const peers = ["--ml", `http://${ml_service.grpc}`, "--ops", `http://${ops_service.grpc}`];
      const ran = await folder.run([
        "weekly",
        "run",
        "--week",
        "2013-W40",
        "--input",
        SHARED,
        ...config,
        ...peers,
        "--json",
      ]);
      expect({ ...ran, stdout: "" }).toMatchObject({ code: 0, stdout: "", stderr: "" });
      const week = JSON.parse(ran.stdout);
      expect(week.rows_read).toBe(week.rows_scored + week.rows_rejected);
      const status = await json(`${ops_service.web}/batch/status?model_name=scms-late-delivery`);
      expect(status).toMatchObject({ state: "complete", alerts_raised: week.alerts_raised });
      for (const vendor of ["Orgenics, Ltd", "Aurobindo Pharma Limited"]) {
        const { alerts } = await json(`${ops_service.web}/alerts?supplier_id=${encodeURIComponent(vendor)}`);
        expect(alerts).toMatchObject([{ supplier_name: vendor, state: "open", dimension: "impact" }]);
      }
    },
  );

  test("the reading examples of each API reference are answered, unless they say where their ids come from", async () => {
    const { ops_service, ml_service, scheduler_service } = mesh.started;
    const failed: unknown[] = [];
    let answered = 0;
    for (const { web } of [ops_service, ml_service, scheduler_service]) {
      const { paths }: { readonly paths: ReferencePaths } = await json(`${web}/openapi.json`);
      for (const [name, verbs] of Object.entries(paths))
        for (const [verb, operation] of Object.entries(verbs)) {
          const request = exampleOf(name, verb, operation);
          if (request === undefined || NOT_ON_DAY_ONE.has(operation.operationId)) continue;
          const response = await fetch(`${web}${request.path}`, request.init);
          const text = await response.text();
          if (response.status === 200) answered++;
          else failed.push([name, response.status, text.slice(0, 300)]);
        }
    }
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(40);
  });

  test("a second start in the same folder fails and does not disturb the first", async () => {
    expect(await folder.run(["start"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^bellwether: the services run already.*: process \d+ has started them and holds .*start\.lock\. To start them again, stop that process first\n$/,
      ),
    });
    await json(`${mesh.started.ops_service.web}/alerts`);
  });

  test("a killed start leaves no service running, and the next start has its data and runs no withdrawn week again", async () => {
    const { started } = mesh;
    const { iso_week: isoWeek = "" } = started.weekly_run ?? {};
    expect(
      await folder.run([
        ...["weekly", "void", "--week", isoWeek, "--model", "supplier-risk", "--reason", "the wrong file"],
        ...["--ops", `http://${started.ops_service.grpc}`],
      ]),
    ).toMatchObject({ code: 0 });
    expect(await mesh.end("SIGKILL")).toBe(null);
    for (const { web } of [started.ops_service, started.ml_service, started.scheduler_service])
      await vi.waitFor(async () => expect(await isSilent(web)).toBe(true), { timeout: 20_000, interval: 50 });

    mesh = await folder.start({ BELLWETHER_LOG_LEVEL: "warn" }, "pipe");
    expect(mesh.started.weekly_run).toMatchObject({ iso_week: isoWeek, rows_scored: 10_500, state: "voided" });
    const status = await json(`${mesh.started.ops_service.web}/batch/status?model_name=supplier-risk`);
    expect(status).toMatchObject({ iso_week: isoWeek, state: "voided", revision: 1 });
    expect(await mesh.end("SIGTERM")).toBe(0);
    expect(`${await mesh.stderr}${mesh.log.join("\n")}`).not.toContain("weekly job failed");
    expect(await isSilent(mesh.started.ops_service.web)).toBe(true);
  });
});

async function countHigh(web: string): Promise<{ suppliers: number; high: number }> {
  let [suppliers, high, pageToken] = [0, 0, ""];
  do {
    const page = await json(`${web}/bellwether.ops.v1.SupplierService/ListSuppliers`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pageSize: 200, pageToken }),
    });
    suppliers += page.suppliers.length;
    high += page.suppliers.filter(
      (supplier: { latestScore?: { band?: string } }) => supplier.latestScore?.band === "BAND_HIGH",
    ).length;
    pageToken = page.nextPageToken ?? "";
  } while (pageToken !== "");
  return { suppliers, high };
}

/** The one-time link of the start signs in once. */
async function expectLink({ started }: StartedMesh): Promise<void> {
  const [page = "", code = ""] = (started.sign_in_link ?? "").split("/#/sign-in?code=");
  expect(page).toBe(started.ops_service.web);
  const signIn = () =>
    fetch(`${page}/auth/link`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: page },
      body: JSON.stringify({ code }),
    });
  const first = await signIn();
  const cookie = first.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  expect(await json(`${page}/auth/session`, { headers: { cookie } })).toMatchObject({ role: "admin", method: "link" });
  expect(await json(`${page}/alerts?page_size=1`, { headers: { cookie } })).toMatchObject({ alerts: [{}] });
  expect((await signIn()).status).toBe(401);
}

/** A new key is accepted by every service; a revoked one by none, within 5 s. */
async function expectKeys(
  { started }: StartedMesh,
  run: (args: readonly string[]) => Promise<{ readonly code: number | null; readonly stdout: string }>,
): Promise<void> {
  const made = await run(["keys", "create", "--name", "loader", "--role", "viewer"]);
  const { secret } = JSON.parse(made.stdout);
  const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
  const post = (url: string) => fetch(url, { method: "POST", headers, body: "{}" });
  const calls = {
    ops: () => fetch(`${started.ops_service.web}/alerts`, { headers }),
    ml: () => post(`${started.ml_service.web}/bellwether.registry.v1.ModelRegistryService/ListVersions`),
    scheduler: () => post(`${started.scheduler_service.web}/bellwether.schedule.v1.ScheduleService/ListSchedules`),
  };
  const statuses = async () => Promise.all(Object.values(calls).map(async (call) => (await call()).status));
  await expect.poll(statuses, { timeout: 10_000, interval: 20 }).toEqual([200, 200, 200]);
  expect((await run(["keys", "revoke", "loader"])).code).toBe(0);
  const revokedAt = performance.now();
  await expect.poll(statuses, { timeout: 10_000, interval: 20 }).toEqual([401, 401, 401]);
  const tookMs = performance.now() - revokedAt;
  console.log(`a revoked key was rejected by all services after ${tookMs.toFixed(0)} ms`);
  expect(tookMs).toBeLessThan(5_000);
  const listed = JSON.parse((await run(["keys", "list", "--all"])).stdout);
  expect(listed.api_keys).toMatchObject([{ name: "loader", role: "viewer", revoked_by: "ada" }]);
  expect(await run(["keys", "revoke", "loader"])).toMatchObject({ code: 2 });
}

test("with keys from the command auth the whole mesh uses tokens, and a call without a token is rejected", async () => {
  await using folder = await startFolder();
  const keys = path.join(folder.path, "keys");
  const made = JSON.parse((await folder.run(["auth", "keys", "--keys", keys, "--json"])).stdout);
  const token = async (...roles: string[]): Promise<string> => {
    const args = ["auth", "token", "--keys", keys, "--subject", "ada", "--json", "--role", ...roles];
    const file = path.join(folder.path, `${roles[0]}.token`);
    await writeFile(file, JSON.parse((await folder.run(args)).stdout).token);
    return file;
  };
  const mesh = await folder.start({
    BELLWETHER_AUTH_JWKS_FILE: made.public_keys_file,
    BELLWETHER_TOKEN_FILE: await token("service", "admin"),
    // The week whose values the first run of the demo has: the command demo makes the same file.
    BELLWETHER_DEMO_WEEK: "2026-W47",
  });
  const admin = await token("admin");
  try {
    expect(mesh.started.weekly_run).toMatchObject({ rows_scored: 10_500 });
    const predict = ["predict", "--input", SUPPLIER, "--url", mesh.started.ml_service.web];
    expect(await folder.run(predict)).toMatchObject({ code: 1 });
    expect(await folder.run(predict, { BELLWETHER_TOKEN_FILE: await token("viewer") })).toMatchObject({ code: 0 });
    expect((await fetch(`${mesh.started.ops_service.web}/alerts`)).status).toBe(401);
    await expectLink(mesh);
    await expectKeys(mesh, (args) =>
      folder.run([...args, "--json", "--ops", `http://${mesh.started.ops_service.grpc}`], {
        BELLWETHER_TOKEN_FILE: admin,
      }),
    );
    // The start has replaced the file of the complete week by that of the current one.
    const isoWeek = mesh.started.weekly_run?.iso_week ?? "";
    expect(
      await folder.run(["demo", "--week", isoWeek, "--output", path.join(folder.path, "of-that-week")]),
    ).toMatchObject({ code: 0 });
    const portOf = (address: string): string => address.split(":").at(-1) ?? "";
    const weekly = async (role: string, over: NodeJS.ProcessEnv = {}) =>
      folder.run(
        [
          ...["weekly", "run", "--week", isoWeek, "--json"],
          ...["--input", path.join(folder.path, "of-that-week/new_data_weekly.csv")],
        ],
        {
          ML_SERVICE_GRPC_PORT: portOf(mesh.started.ml_service.grpc),
          OPS_SERVICE_GRPC_PORT: portOf(mesh.started.ops_service.grpc),
          BELLWETHER_TOKEN_FILE: await token(role),
          ...over,
        },
      );
    expect(await weekly("admin")).toMatchObject({ code: 0, stdout: expect.stringContaining('"was_complete":true') });
    expect(await weekly("viewer")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('asks for the role "admin" or "service"'),
    });
    expect(await weekly("admin", { OPS_SERVICE_GRPC_PORT: "1" })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        "Its address here is http://localhost:1; set another one with --ops URL, OPS_SERVICE_URL or OPS_SERVICE_GRPC_PORT",
      ),
    });
  } finally {
    await mesh.end("SIGTERM");
  }
});

test.each([
  ["DATABASE_URL", "postgres://ada:hidden@127.0.0.1:1/ops", "PostgreSQL at postgres://127.0.0.1:1/ops"],
  ["REDIS_URL", "redis://:hidden@127.0.0.1:1", "Redis at redis://127.0.0.1:1"],
])("start reports an unreachable store in %s with one line, before it trains a model", async (variable, url, named) => {
  await using folder = await startFolder();
  expect(await folder.run(["start"], { [variable]: url })).toMatchObject({
    code: 1,
    stdout: "",
    stderr: `bellwether: ${named} cannot be used: nothing listens there. Start it, or correct ${variable}\n`,
  });
});

test("start reports a taken port and a malformed variable before it makes anything", async () => {
  await using folder = await startFolder();
  const taken = net.createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const port = String(typeof address === "object" && address ? address.port : 0);
  expect(await folder.run(["start"], { SCHEDULER_SERVICE_WEB_PORT: port })).toMatchObject({
    code: 1,
    stdout: "",
    stderr: `bellwether: port ${port} is taken: stop the program that uses it, or set SCHEDULER_SERVICE_WEB_PORT to another port (0 = any free port)\n`,
  });
  const wrong = await folder.run(["start"], { ML_SERVICE_GRPC_PORT: "99999", OPS_SERVICE_WEB_PORT: "eighty" });
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toContain('OPS_SERVICE_WEB_PORT: found "eighty", expected a port from 0 to 65535');
});

test("start reports a data folder that cannot be made with one line", async () => {
  await using folder = await startFolder();
  const { code, stderr } = await folder.run(["start"], { BELLWETHER_DATA_DIR: "/dev/null/data" });
  expect(code).toBe(1);
  expect(stderr).toBe(
    "bellwether: the data folder /dev/null/data cannot be written (ENOTDIR): a file is in the way: set BELLWETHER_DATA_DIR to a folder\n",
  );
});
