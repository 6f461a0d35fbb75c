import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";

// A process of its own loads everything anew: seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const ROOT = new URL("../../../", import.meta.url).pathname;
const ANY_PORT = { OPS_SERVICE_GRPC_PORT: "0", OPS_SERVICE_WEB_PORT: "0", OPS_SERVICE_ADMIN_PORT: "0" };

async function dataDir(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-ops-"));
  await chmod(dir, 0o755);
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** What a start that must fail leaves with. */
async function failedStart(env: Record<string, string>): Promise<{ code: unknown; lines: string[] }> {
  const start = promisify(execFile)(process.execPath, [MAIN], { cwd: ROOT, env: { ...ANY_PORT, ...env } });
  const failure: unknown = await start.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof Error) || !("code" in failure) || !("stderr" in failure)) throw new Error("it started");
  return { code: failure.code, lines: String(failure.stderr).trim().split("\n") };
}

test("serves on a cluster of its own, and SIGTERM stops it with the cluster", async () => {
  const env = { ...ANY_PORT, BELLWETHER_DATA_DIR: await dataDir(), BELLWETHER_LOG_LEVEL: "silent" };
  const child = spawn(process.execPath, [MAIN], { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [{ addresses }] = await once(child, "message");
  const response = await fetch(`http://127.0.0.1:${addresses.web.port}/alerts`);
  expect(await response.json()).toEqual({ alerts: [], next_page_token: "" });
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("an unreachable Postgres is one line without the password, exit code 1", async () => {
  const { code, lines } = await failedStart({ DATABASE_URL: "postgres://someone:hidden@127.0.0.1:1/ops" });
  expect(code).toBe(1);
  expect(lines).toEqual([
    "PostgreSQL at postgres://127.0.0.1:1/ops cannot be used: nothing listens there. Start it, or correct DATABASE_URL",
  ]);
});

test("a taken port is one line, exit code 1", async () => {
  const taken = net.createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const env = { BELLWETHER_DATA_DIR: await dataDir(), OPS_SERVICE_WEB_PORT: String(port) };
  const { code, lines } = await failedStart({ ...env, BELLWETHER_LOG_LEVEL: "silent" });
  expect(code).toBe(1);
  expect(lines).toEqual([
    expect.stringMatching(new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port}.*another process holds it`)),
  ]);
});

test("serves the page of a folder, and a folder without a page is one line", async () => {
  const dashboard = await dataDir();
  const env = { ...ANY_PORT, BELLWETHER_DATA_DIR: await dataDir(), BELLWETHER_LOG_LEVEL: "silent" };
  const { code, lines } = await failedStart({ ...env, OPS_SERVICE_DASHBOARD: dashboard });
  expect({ code, lines }).toEqual({ code: 1, lines: [`${dashboard} has no index.html: build the page first`] });

  await writeFile(path.join(dashboard, "index.html"), "<title>Bellwether</title>");
  const options = { cwd: ROOT, env: { ...env, OPS_SERVICE_DASHBOARD: dashboard } };
  const child = spawn(process.execPath, [MAIN], { ...options, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [{ addresses }] = await once(child, "message");
  expect(await (await fetch(`http://127.0.0.1:${addresses.web.port}/`)).text()).toContain("Bellwether");
  child.kill("SIGTERM");
  await once(child, "exit");
});

test("a service that others can reach wants authentication", async () => {
  const env = { BELLWETHER_DATA_DIR: await dataDir(), BELLWETHER_HOST: "0.0.0.0" };
  const { code, lines } = await failedStart(env);
  expect(code).toBe(1);
  expect(lines.at(-1)).toMatch(/^ops-service would listen on 0\.0\.0\.0 without authentication/);
});

test("missing alert rules are named, exit code 1", async () => {
  const { code, lines } = await failedStart({ BELLWETHER_ALERT_RULES: "config/none.yaml" });
  expect(code).toBe(1);
  expect(lines.join("\n")).toContain("config/none.yaml:1:1 found no such file");
});
