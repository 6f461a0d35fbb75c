import { once } from "node:events";
import { access, chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { usePostgres } from "@bellwether/testing/postgres-cluster";
import { failedStart, startService } from "@bellwether/testing/service-process";
import { expect, onTestFinished, test, vi } from "vitest";

// A separate process loads all modules again: this takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

async function dataDir(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-ops-"));
  await chmod(dir, 0o755);
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test("serves with its own PostgreSQL cluster, and SIGTERM stops both", async () => {
  const ops = await startService("ops-service", { BELLWETHER_DATA_DIR: await dataDir() });
  expect(await (await fetch(`${ops.web}/alerts`)).json()).toEqual({ alerts: [], next_page_token: "" });
  const ended = once(ops.process, "exit");
  await ops.stop();
  expect(await ended).toEqual([0, null]);
});

test("SIGINT followed by SIGTERM stops it once, with the cluster, exit code 0", async () => {
  const folder = await dataDir();
  const ops = await startService("ops-service", { BELLWETHER_DATA_DIR: folder });
  const ended = once(ops.process, "exit");
  ops.process.kill("SIGINT");
  ops.process.kill("SIGTERM");
  ops.process.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  await expect(access(path.join(folder, "postgres/cluster/postmaster.pid"))).rejects.toThrow("ENOENT");
});

test("an unreachable PostgreSQL or a wrong password is reported as one line without the password, exit code 1", async () => {
  const nobody = "postgres://someone:hidden@127.0.0.1:1/ops";
  expect(await failedStart("ops-service", { DATABASE_URL: nobody })).toEqual({
    code: 1,
    lines: [
      "PostgreSQL at postgres://127.0.0.1:1/ops cannot be used: nothing listens there. Start it, or correct DATABASE_URL",
    ],
  });
  await using cluster = await usePostgres();
  const url = new URL(await cluster.createDatabase());
  url.password = "hidden";
  expect(await failedStart("ops-service", { DATABASE_URL: url.href })).toEqual({
    code: 1,
    lines: [
      `PostgreSQL at postgres://${url.host}${url.pathname} cannot be used: password authentication failed for user "bellwether". Start it, or correct DATABASE_URL`,
    ],
  });
});

test("a port in use is reported as one line, exit code 1, and the cluster that was started is stopped", async () => {
  const taken = net.createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const folder = await dataDir();
  const env = { BELLWETHER_DATA_DIR: folder, OPS_SERVICE_WEB_PORT: String(port) };
  const { code, lines } = await failedStart("ops-service", env);
  expect(code).toBe(1);
  expect(lines).toEqual([
    expect.stringMatching(new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port}.*another process holds it`)),
  ]);
  await expect(access(path.join(folder, "postgres/cluster/PG_VERSION"))).resolves.toBeUndefined();
  await expect(access(path.join(folder, "postgres/cluster/postmaster.pid"))).rejects.toThrow("ENOENT");
});

test("a data folder that cannot be written is reported as one line, exit code 1", async () => {
  const file = path.join(await dataDir(), "file");
  await writeFile(file, "");
  const { code, lines } = await failedStart("ops-service", { BELLWETHER_DATA_DIR: path.join(file, "data") });
  expect(code).toBe(1);
  expect(lines).toEqual([expect.stringMatching(/^the data folder \S+ cannot be written \(ENOTDIR\): .*DATA_DIR/)]);
});

test("all invalid environment variables are reported together, secrets as [redacted]", async () => {
  const env = { OPS_SERVICE_WEB_PORT: "99999", DATABASE_URL: "mysql://someone:hidden@db/x", ML_SERVICE_URL: "ml" };
  const { code, lines } = await failedStart("ops-service", env);
  expect(code).toBe(1);
  expect(lines[0]).toBe("3 invalid or missing variable(s) in the environment:");
  const reported = lines.slice(1).join("\n");
  expect(reported).toContain('OPS_SERVICE_WEB_PORT: found "99999", expected a port from 0 to 65535 (0 = any free one)');
  expect(reported).toContain(
    "DATABASE_URL: found [redacted], expected a URL that starts with postgres: or postgresql:",
  );
  expect(reported).toContain('ML_SERVICE_URL: found "ml"');
});

test("serves the dashboard of a folder, and reports a folder without a dashboard as one line", async () => {
  const dashboard = await dataDir();
  const env = { BELLWETHER_DATA_DIR: await dataDir(), OPS_SERVICE_DASHBOARD: dashboard };
  expect(await failedStart("ops-service", env)).toEqual({
    code: 1,
    lines: [`${dashboard} has no index.html: build the page first`],
  });
  await writeFile(path.join(dashboard, "index.html"), "<title>Bellwether</title>");
  await using ops = await startService("ops-service", env);
  expect(await (await fetch(`${ops.web}/`)).text()).toContain("Bellwether");
});

test("a service that other machines can reach requires authentication", async () => {
  const env = { BELLWETHER_DATA_DIR: await dataDir(), BELLWETHER_HOST: "0.0.0.0" };
  const { code, lines } = await failedStart("ops-service", env);
  expect(code).toBe(1);
  expect(lines).toEqual([expect.stringMatching(/^ops-service would listen on 0\.0\.0\.0 without authentication/)]);
});

test.each(["BELLWETHER_ALERT_RULES", "BELLWETHER_RISK_POLICY"])(
  "a missing file is reported by its name and its variable %s, exit code 1",
  async (variable) => {
    const { code, lines } = await failedStart("ops-service", { [variable]: "config/none.yaml" });
    expect(code).toBe(1);
    expect(lines.join("\n")).toMatch(
      new RegExp(`config/none\\.yaml:1:1 found no file at this path, .*; ${variable} names another file`),
    );
  },
);
