import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { spawnNode } from "@bellwether/testing/node-process";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { isSilent, type Started, startFolder } from "./started-mesh.ts";

// Each start loads three services and a database: tens of seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
const within = (condition: () => unknown) => vi.waitFor(condition, { timeout: 60_000, interval: 50 });

let folder: Awaited<ReturnType<typeof startFolder>>;
beforeAll(async () => {
  folder = await startFolder();
  // The first start trains a model and runs a week; later starts use both.
  const mesh = await folder.start();
  expect(await mesh.end("SIGTERM")).toBe(0);
});
afterAll(() => folder[Symbol.asyncDispose]());

/**
 * Process id of a service that this `bellwether start` process runs; undefined when it does not run the
 * service.
 */
function serviceOf(startPid: number, name: string): number | undefined {
  return childrenOf(startPid).find((pid) => read(`/proc/${pid}/cmdline`).includes(name));
}

const childrenOf = (pid: number): number[] =>
  read(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number);

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Waits until no service of a start answers and its database has ended. */
async function isNothingLeft(started: Started): Promise<void> {
  for (const { web } of [started.ops_service, started.ml_service, started.scheduler_service])
    await within(async () => expect(await isSilent(web)).toBe(true));
  await within(() => expect(existsSync(path.join(folder.path, "data/postgres/cluster/postmaster.pid"))).toBe(false));
}

test("start restarts a killed service on its ports; the third end within a minute ends the start, which reports the service and its exit code", async () => {
  const mesh = await folder.start({}, "pipe");
  const { ml_service } = mesh.started;
  const ready = async () => expect((await fetch(`${ml_service.admin}/readyz`)).status).toBe(200);
  for (let death = 1; death <= 2; death++) {
    const pid = serviceOf(mesh.pid, "ml-service");
    if (pid === undefined) throw new Error("no ml-service");
    process.kill(pid, "SIGKILL");
    await within(() => expect(serviceOf(mesh.pid, "ml-service")).not.toBe(pid));
    await within(ready);
  }
  const last = serviceOf(mesh.pid, "ml-service");
  if (last === undefined) throw new Error("no ml-service");
  process.kill(last, "SIGKILL");
  expect(await mesh.ended).toBe(1);
  const said = await mesh.stderr;
  const how = "bellwether: ml-service ended with exit code 137 (SIGKILL)";
  expect(said.match(new RegExp(`${RegExp.escape(how)}; starting it again`, "g"))).toHaveLength(2);
  expect(said).toContain(`${how}, for the 3rd time within a minute; everything else was stopped`);
  await isNothingLeft(mesh.started);
});

test("start restarts a killed database on its port; the third end within a minute ends the start, which reports the database", async () => {
  const mesh = await folder.start({}, "pipe");
  const { ops_service } = mesh.started;
  const pidFile = path.join(folder.path, "data/postgres/cluster/postmaster.pid");
  const server = () => {
    const [pid = "", , , port = ""] = read(pidFile).split("\n");
    return { pid: Number(pid), port };
  };
  const first = server();
  for (let death = 1; death <= 3; death++) {
    const { pid } = server();
    process.kill(pid, "SIGKILL");
    if (death === 3) break;
    await within(() => {
      const { pid: now, port } = server();
      expect(now > 0 && now !== pid && existsSync(`/proc/${now}`) ? port : "").toBe(first.port);
    });
    await within(async () => expect((await fetch(`${ops_service.web}/alerts?page_size=1`)).status).toBe(200));
  }
  expect(await mesh.ended).toBe(1);
  const said = await mesh.stderr;
  expect(said.match(/bellwether: PostgreSQL \(process \d+, log \S+\) ended; starting it again/g)).toHaveLength(2);
  expect(said).toMatch(/PostgreSQL .* ended, for the 3rd time within a minute; everything else was stopped/);
  await Promise.all(
    [mesh.started.ops_service, mesh.started.ml_service].map(({ web }) =>
      within(async () => expect(await isSilent(web)).toBe(true)),
    ),
  );
});

test("start ends with exit code 0 on several signals at once, as npm and a terminal send them for Ctrl-C", async () => {
  const mesh = await folder.start();
  for (const signal of ["SIGINT", "SIGTERM", "SIGINT"] as const) process.kill(mesh.pid, signal);
  expect(await mesh.ended).toBe(0);
  await isNothingLeft(mesh.started);
});

test("start ends when its terminal closes, as it does on a signal", async () => {
  const mesh = await folder.start();
  expect(await mesh.end("SIGHUP")).toBe(0);
  await isNothingLeft(mesh.started);
});

test("a signal during the start ends it with exit code 0 and leaves no process running", async () => {
  const starting = folder.spawn(["start"]);
  onTestFinished(() => void starting.process.kill("SIGKILL"));
  const pid = starting.process.pid ?? 0;
  // `bellwether start` is not ready: its first service runs, and no service has reported its addresses.
  await within(() => expect(childrenOf(pid).length).toBeGreaterThan(0));
  await within(() => expect(serviceOf(pid, "ops-service")).toBeDefined());
  const services = childrenOf(pid);
  for (const signal of ["SIGINT", "SIGINT"] as const) starting.process.kill(signal);
  expect(await starting.ended).toMatchObject({ code: 0, stderr: "bellwether: stopped while starting\n" });
  for (const service of services) expect(existsSync(`/proc/${service}`)).toBe(false);
  expect(existsSync(path.join(folder.path, "data/postgres/cluster/postmaster.pid"))).toBe(false);
});

test("Ctrl-C to the whole process group while the database is created ends the start with exit code 0 and leaves nothing half-made", async () => {
  await using fresh = await startFolder();
  const starting = fresh.spawn(["start"], {}, true);
  onTestFinished(() => void starting.process.kill("SIGKILL"));
  const home = path.join(fresh.path, "data/postgres");
  const clusters = () => (existsSync(home) ? readdirSync(home).filter((name) => name.startsWith("cluster")) : []);
  await within(() => expect(clusters()).toHaveLength(1));
  process.kill(-(starting.process.pid ?? Number.NaN), "SIGINT");
  expect(await starting.ended).toMatchObject({ code: 0, stderr: "bellwether: stopped while starting\n" });
  expect(clusters().filter((name) => name !== "cluster")).toEqual([]);
  expect(existsSync(path.join(home, "cluster/postmaster.pid"))).toBe(false);
});

test("a port that is taken during the start ends it with the error of the service, and leaves no process running", async () => {
  const port = 20_000 + (process.pid % 10_000);
  const starting = folder.spawn(["start"], { SCHEDULER_SERVICE_WEB_PORT: String(port) });
  onTestFinished(() => void starting.process.kill("SIGKILL"));
  // At this moment `bellwether start` has checked the ports, ops-service and ml-service load, and
  // scheduler-service does not run yet.
  await within(() => expect(serviceOf(starting.process.pid ?? 0, "ops-service")).toBeDefined());
  const taken = net.createServer().listen(port, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const { code, stderr } = await starting.ended;
  expect(code).toBe(1);
  expect(stderr).toContain(`cannot listen on 127.0.0.1:${port} for web: `);
  expect(stderr).toContain(
    `bellwether: scheduler-service ended with exit code 1 while it was starting: cannot listen on 127.0.0.1:${port} for web: `,
  );
  expect(existsSync(path.join(folder.path, "data/postgres/cluster/postmaster.pid"))).toBe(false);
});

test("of two starts at the same moment one serves, and the other reports which process has the lock", async () => {
  const starts = [folder.spawn(["start", "--json"]), folder.spawn(["start", "--json"])];
  onTestFinished(() => starts.forEach(({ process: child }) => void child.kill("SIGKILL")));
  const first = await Promise.race(starts.map(async (start) => ({ start, ...(await start.ended) })));
  expect(first).toMatchObject({ code: 1, stdout: expect.stringContaining("the services run already") });
  expect(first.stderr).toMatch(
    /^bellwether: the services run already.*: (process \d+|another process) has started them and holds .*start\.lock\. To start them again, stop that process first\n$/,
  );
  const other = starts.find((start) => start !== first.start);
  const started = JSON.parse((await other?.firstLine) ?? "") as Started;
  expect((await fetch(`${started.ops_service.admin}/readyz`)).status).toBe(200);
  other?.process.kill("SIGTERM");
  expect(await other?.ended).toMatchObject({ code: 0 });
  await isNothingLeft(started);
});

test("start stops everything when npm, which started it, is killed", async () => {
  // The test uses a shell instead of npm: the shell starts the command and waits for it.
  const line = [process.execPath, ...folder.command(["start", "--json"])].map((word) => `'${word}'`).join(" ");
  const script = `
    require("node:child_process").spawn("sh", ["-c", ${JSON.stringify(`${line}; exit $?`)}], { stdio: ["ignore", "inherit", "inherit"] });
    setInterval(() => {}, 1_000);`;
  const env = { ...folder.env({ BELLWETHER_LOG_LEVEL: "error" }), npm_lifecycle_event: "start" };
  await using npm = spawnNode("-e", { args: [script], cwd: folder.root, env, stdout: "collect", ipc: false });
  await within(() => expect(npm.output()).toContain("\n"));
  const shell = childrenOf(npm.child.pid ?? 0);
  const all = [...shell, ...shell.flatMap(childrenOf)];
  expect(all).toHaveLength(2);
  await npm.end("SIGKILL");
  for (const pid of all) await within(() => expect(existsSync(`/proc/${pid}`)).toBe(false));
  await isNothingLeft(JSON.parse(npm.output().split("\n", 1)[0] ?? "") as Started);
});

test("start stops everything, its database too, when the process that reads its output is killed while it starts", async () => {
  const command = JSON.stringify(folder.command(["start"]));
  const script = `
    require("node:child_process").spawn(process.execPath, ${command}, { stdio: ["ignore", "pipe", "pipe"] });
    setInterval(() => {}, 1_000);`;
  // Not started by npm: the command does not watch its parent.
  const env = { ...folder.env({ BELLWETHER_LOG_LEVEL: "error" }), npm_lifecycle_event: "" };
  await using reader = spawnNode("-e", { args: [script], cwd: folder.root, env, ipc: false });
  const pidFile = path.join(folder.path, "data/postgres/cluster/postmaster.pid");
  await within(() => expect(existsSync(pidFile)).toBe(true));
  const [start = Number.NaN] = childrenOf(reader.child.pid ?? 0);
  const services = childrenOf(start);
  await reader.end("SIGKILL");
  for (const pid of [start, ...services]) await within(() => expect(existsSync(`/proc/${pid}`)).toBe(false));
  await within(() => expect(existsSync(pidFile)).toBe(false));
});

test("start stops when its launcher ended before it began to watch it", async () => {
  const starting = folder.spawn(["start"], { BELLWETHER_LAUNCHED: "2147483647" });
  onTestFinished(() => void starting.process.kill("SIGKILL"));
  expect(await starting.ended).toMatchObject({ code: 0, stderr: "bellwether: stopped while starting\n" });
  expect(existsSync(path.join(folder.path, "data/postgres/cluster/postmaster.pid"))).toBe(false);
});
