import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rename, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { startEmbeddedPostgres } from "@bellwether/postgres/embedded/embedded-postgres";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { SHARED_FOLDER } from "./made-once.ts";
import { copyClusterTemplate } from "./postgres-template.ts";

/** A PostgreSQL server for the databases of one test file. */
export interface PostgresServer extends AsyncDisposable {
  /** Creates an empty database and returns its URL. */
  createDatabase(): Promise<string>;
}

/** A PostgreSQL server of one test file alone. */
export interface PostgresCluster extends PostgresServer {
  /**
   * Sends a signal to the server and all its processes: "STOP" freezes it with its connections open, "CONT"
   * continues it.
   */
  signal(name: "STOP" | "CONT"): void;
  /** Kills the server with SIGKILL, with all its processes, and starts it again on the same port. */
  restart(): Promise<void>;
}

/** fsync is off: a test does not need to survive a power failure. */
const SETTINGS = { fsync: "off", max_wal_size: "256MB" };

/**
 * Returns the PostgreSQL server of this worker, which all its test files use one after the other: starting and
 * stopping a server takes longer than many tests. Disposal removes the databases; the server stops at the end of the
 * run. Without a run (see `madeOnce`), the caller gets a separate server.
 */
export async function usePostgres(): Promise<PostgresServer> {
  const { [SHARED_FOLDER]: shared, VITEST_POOL_ID: worker } = process.env;
  if (shared === undefined || worker === undefined) return startPostgresCluster();
  const dir = path.join(shared, `${SERVER_PREFIX}${worker}`);
  if (!existsSync(dir)) {
    // It gets its name when it is complete, so that a killed worker leaves none that is incomplete.
    const draft = await mkdtemp(path.join(shared, "draft-"));
    await chmod(draft, 0o755);
    await copyClusterTemplate(draft);
    await rename(draft, dir);
  }
  const { url } = await startEmbeddedPostgres({ dir, settings: SETTINGS });
  await using starting = new AsyncDisposableStack();
  const databases = starting.use(await databasesOf(url));
  starting.defer(() => databases.drop());
  const started = starting.move();
  return { createDatabase: databases.create, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

const SERVER_PREFIX = "postgres-";

/** Ends the servers of all workers without saving anything. It is synchronous, so that a process that exits can do it. */
export function killSharedServers(shared: string): void {
  const pids = readdirSync(shared)
    .filter((name) => name.startsWith(SERVER_PREFIX))
    .map((name) => path.join(shared, name, "cluster", "postmaster.pid"))
    .filter((pidFile) => existsSync(pidFile))
    .map((pidFile) => Number(readFileSync(pidFile, "utf8").split("\n")[0]));
  for (const pid of pids) process.kill(pid, "SIGQUIT");
  // A server that still runs writes into the folder that is about to be removed.
  for (const end = Date.now() + ENDING_MS; pids.some(isAlive) && Date.now() < end; )
    Atomics.wait(SLEEPER, 0, 0, LOOK_MS);
}

const ENDING_MS = 10_000;
const LOOK_MS = 50;
/** A number that nobody changes: to wait for it is to sleep. */
const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Starts a server on a new cluster, for tests that freeze or kill it, or change what all its databases share: roles and settings. */
export async function startPostgresCluster(): Promise<PostgresCluster> {
  await using starting = new AsyncDisposableStack();
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-test-pg-"));
  starting.defer(() => rm(dir, { recursive: true, force: true }));
  // When the tests run as root, the server runs as another user.
  await chmod(dir, 0o755);
  await copyClusterTemplate(dir);
  let server = await startEmbeddedPostgres({ dir, settings: SETTINGS });
  starting.defer(() => server.stop());
  const port = Number(new URL(server.url).port);
  const databases = starting.use(await databasesOf(server.url));
  const started = starting.move();
  return {
    createDatabase: databases.create,
    signal(name) {
      for (const pid of processesOf(dir)) process.kill(pid, `SIG${name}`);
    },
    async restart() {
      for (const pid of processesOf(dir))
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // A child may have ended by itself.
        }
      server = await startEmbeddedPostgres({ dir, port, settings: SETTINGS });
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Creates databases of a server, and drops them. */
async function databasesOf(serverUrl: string) {
  const admin = await openPostgres(serverUrl, { max: 1 });
  const names: string[] = [];
  return {
    async create(): Promise<string> {
      const name = `test_${randomBytes(6).toString("hex")}`;
      await admin.query(`create database ${name}`);
      names.push(name);
      const url = new URL(serverUrl);
      url.pathname = `/${name}`;
      return url.href;
    },
    async drop(): Promise<void> {
      for (const name of names.splice(0)) await admin.query(`drop database if exists ${name} with (force)`);
    },
    [Symbol.asyncDispose]: () => admin.close(),
  };
}

/** Returns the ids of the processes of a server, its main process first. Every other one is a child of it. */
function processesOf(dir: string): number[] {
  const [pid = ""] = readFileSync(path.join(dir, "cluster", "postmaster.pid"), "utf8").split("\n");
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return [pid, ...children].map(Number);
}
