import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { link, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runProgram } from "@bellwether/files/run-program";
import { StorageError } from "@bellwether/files/storage-error";
import { openPostgres } from "../pool/open-postgres.ts";
import { errorLine } from "./error-line.ts";
import { changeOwner, clusterHome, exists, type ServerUser, serverPrograms, serverUser } from "./server-files.ts";
import { isServerOf } from "./server-process.ts";

export interface EmbeddedPostgresOptions {
  /** Folder of the cluster; created when it does not exist. */
  readonly dir: string;
  /** TCP port of the server. Default 0: any free port. A server that already runs keeps its port. */
  readonly port?: number;
  /** Server settings besides the defaults, e.g. `{ fsync: "off" }`; applied when the server starts. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Aborts the start: no process is left running, and an incomplete cluster is removed. */
  readonly signal?: AbortSignal;
}

/** A PostgreSQL server on the loopback address. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** URL of its database "postgres", with user and password. */
  readonly url: string;
  /** "adopted": an earlier process was killed and its server continued to run. */
  readonly origin: "initialised" | "started" | "adopted";
  /** Process id of the server, which is not a child of this process. */
  readonly pid: number;
  /** Log file of the server. */
  readonly log: string;
  /** Stops the server; open transactions are rolled back. */
  stop(): Promise<void>;
}

interface Cluster {
  readonly bin: string;
  readonly data: string;
  readonly passwordFile: string;
  readonly log: string;
  readonly user: ServerUser;
}

const SUPERUSER = "bellwether";
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  shared_buffers: "64MB",
  max_connections: "100",
  max_wal_size: "4GB",
};
const START_TIMEOUT_S = 60;
/** Time for which the processes of a killed server may still use its cluster. */
const HELD_MS = 15_000;
const HELD_RETRY_MS = 200;
/** Maximum time to wait for the answer of an adopted server, which may still be in recovery. */
const ANSWER_MS = 60_000;
/** A process id that no process has: it is higher than the maximum. */
const NO_PROCESS = "2147483647";
/**
 * Age after which an incomplete cluster is removed: initdb takes seconds, so an older one does not belong to
 * a start in progress.
 */
const PARTIAL_MS = 10 * 60_000;
/** Line of postmaster.pid with the port; the first line is the process id. */
const PID_FILE_PORT_LINE = 3;

/**
 * Starts a real PostgreSQL from an npm package on its own cluster, or adopts the server that already runs on
 * that cluster. pg_ctl starts it, so that a server survives when its starting process is killed, and this
 * process needs no exit hook. A process of root starts it as "nobody".
 * @throws StorageError with a one-line message
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = serverUser();
  const home = await clusterHome(options.dir, user);
  const cluster: Cluster = {
    bin: await serverPrograms(user),
    data: path.join(home, "cluster"),
    passwordFile: path.join(home, "password"),
    log: path.join(home, "server.log"),
    user,
  };
  const isNew = !(await exists(cluster.data));
  if (isNew) await initialise(cluster, options.signal);
  const running = await isRunning(cluster);
  const password = (await readFile(cluster.passwordFile, "utf8")).trim();
  if (running) await awaitAnswer(cluster, password);
  else await start(cluster, options);
  const { pid, port } = await addressOf(cluster);
  const stop = async (): Promise<void> => {
    if (await isRunning(cluster)) await pgCtl(cluster, ["-m", "fast", "-w", "stop"]);
  };
  if (options.signal?.aborted) {
    await stop();
    throw options.signal.reason;
  }
  return {
    url: urlOf(port, password),
    pid,
    log: cluster.log,
    origin: running ? "adopted" : isNew ? "initialised" : "started",
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * The cluster is renamed to its final name when it is complete. A kill before that leaves only a folder that
 * a later start removes.
 */
async function initialise({ bin, data, passwordFile, user }: Cluster, signal?: AbortSignal): Promise<void> {
  await removeOldPartials(data);
  const partial = `${data}.${randomBytes(6).toString("hex")}`;
  await createPasswordFile(passwordFile, user);
  const options = ["-U", SUPERUSER, "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8"];
  try {
    await runProgram(
      path.join(bin, "initdb"),
      ["-D", partial, ...options, "--locale=C.UTF-8", "--no-sync"],
      spawnOptions(user),
      signal,
    );
    await rename(partial, data);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    signal?.throwIfAborted();
    if (await exists(data)) return; // Another process has created the cluster in the meantime.
    const reason = errorLine(cause instanceof Error ? cause.message : String(cause));
    throw new StorageError(`cannot create a PostgreSQL cluster in ${data}: ${reason}`, { cause });
  }
}

/** Removes the folders of killed starts. A younger folder may belong to a start in progress. */
async function removeOldPartials(data: string): Promise<void> {
  const home = path.dirname(data);
  for (const name of await readdir(home)) {
    if (!/^cluster\.[0-9a-f]{12}$/.test(name)) continue;
    const partial = path.join(home, name);
    if (Date.now() - (await stat(partial)).mtimeMs > PARTIAL_MS) await rm(partial, { recursive: true, force: true });
  }
}

/**
 * Writes the password file. When two processes start at the same time, the first password is used. The file
 * gets its name only when the server's user can read it.
 */
async function createPasswordFile(file: string, user: ServerUser): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
  await changeOwner(draft, user);
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft);
}

/** Retries while processes of a killed server still use the cluster: they end by themselves. */
async function start(cluster: Cluster, options: EmbeddedPostgresOptions): Promise<void> {
  for (const end = Date.now() + HELD_MS; ; await pause(HELD_RETRY_MS)) {
    options.signal?.throwIfAborted();
    const error = await startOnce(cluster, options);
    if (error === null) return;
    if (!/still in use/.test(error) || Date.now() > end)
      throw new StorageError(`PostgreSQL does not start on ${cluster.data}: ${error}`);
  }
}

/** @returns why the server did not start; null when it is running */
async function startOnce(cluster: Cluster, { port = 0, settings }: EmbeddedPostgresOptions): Promise<string | null> {
  const chosen = await freePort(port);
  const given = Object.entries({ ...SETTINGS, ...settings, port: String(chosen) });
  const flags = given.map(([name, value]) => `-c ${name}='${value}'`).join(" ");
  const args = ["-D", cluster.data, "-w", "-t", String(START_TIMEOUT_S), "-l", cluster.log, "-o", flags, "start"];
  await using log = await open(cluster.log, "a", 0o600);
  const { size: logged } = await log.stat();
  await changeOwner(cluster.log, cluster.user);
  // The server would keep a pipe of this process open during its whole life, so pg_ctl writes its own errors
  // into the server's log.
  const child = spawn(path.join(cluster.bin, "pg_ctl"), args, {
    ...spawnOptions(cluster.user),
    detached: true,
    stdio: ["ignore", "ignore", log.fd],
  });
  const [code] = await once(child, "exit");
  if (code === 0 || (await isRunning(cluster))) return null;
  const output = (await readFile(cluster.log)).subarray(logged).toString();
  return errorLine(output) || `pg_ctl ended with ${code}`;
}

/**
 * Whether a server runs on the cluster. A postmaster.pid with the id of another process is marked as
 * obsolete.
 */
async function isRunning(cluster: Cluster): Promise<boolean> {
  const isAlive = await pgCtl(cluster, ["status"]).then(
    () => true,
    () => false,
  );
  if (!isAlive) return false;
  const { pid } = await addressOf(cluster);
  if (await isServerOf(pid, cluster.data)) return true;
  // The server has removed the file at its end, or the file names another process, which must never get a
  // signal.
  if (await exists(pidFileOf(cluster))) await markObsolete(cluster, pid);
  return false;
}

/**
 * Replaces only the process id: PostgreSQL reads from the other lines which processes of the ended server
 * still use the cluster.
 */
async function markObsolete(cluster: Cluster, pid: number): Promise<void> {
  const [first = "", ...rest] = (await readFile(pidFileOf(cluster), "utf8")).split("\n");
  if (Number(first) === pid) await writeFile(pidFileOf(cluster), [NO_PROCESS, ...rest].join("\n"));
}

/** @throws StorageError when the server does not accept the password on its port */
async function awaitAnswer(cluster: Cluster, password: string): Promise<void> {
  for (const end = Date.now() + ANSWER_MS; ; await pause(HELD_RETRY_MS)) {
    const { pid, port } = await addressOf(cluster);
    try {
      const pool = await openPostgres(urlOf(port, password), { max: 1 });
      return await pool.close();
    } catch (cause) {
      if (Date.now() < end && (await isServerOf(pid, cluster.data))) continue;
      const text = `the PostgreSQL on ${cluster.data} (process ${pid}) does not accept connections on port ${port}: end it and start again, the reason is in ${cluster.log}`;
      throw new StorageError(text, { cause });
    }
  }
}

async function pgCtl({ bin, data, user }: Cluster, args: readonly string[]): Promise<void> {
  await runProgram(path.join(bin, "pg_ctl"), ["-D", data, ...args], spawnOptions(user));
}

const pidFileOf = ({ data }: Cluster): string => path.join(data, "postmaster.pid");

const urlOf = (port: number, password: string): string =>
  `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;

async function addressOf(cluster: Cluster): Promise<{ readonly pid: number; readonly port: number }> {
  const lines = (await readFile(pidFileOf(cluster), "utf8").catch(() => "")).split("\n");
  return { pid: Number(lines[0]), port: Number(lines[PID_FILE_PORT_LINE]) };
}

/** @throws StorageError when the port is taken */
async function freePort(port: number): Promise<number> {
  const probe = net.createServer();
  try {
    probe.listen({ host: "127.0.0.1", port });
    await once(probe, "listening");
    const address = probe.address();
    return typeof address === "object" && address ? address.port : port;
  } catch (cause) {
    const text = `port ${port} for PostgreSQL is taken: stop the program that uses it, choose another port (0 = any free one), or set DATABASE_URL`;
    throw new StorageError(text, { cause });
  } finally {
    probe.close();
  }
}

/** The working directory must be accessible to the server's user. */
function spawnOptions({ uid, gid }: ServerUser) {
  const identity = uid !== undefined && gid !== undefined ? { uid, gid } : {};
  return { ...identity, cwd: "/", env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } };
}
