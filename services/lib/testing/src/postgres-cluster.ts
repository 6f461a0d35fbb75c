import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { startEmbeddedPostgres } from "@bellwether/postgres/embedded/embedded-postgres";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { copyClusterTemplate } from "./postgres-template.ts";

/** A PostgreSQL server of one test file. */
export interface PostgresCluster extends AsyncDisposable {
  /** Creates an empty database and returns its URL. */
  createDatabase(): Promise<string>;
  /**
   * Sends a signal to the server and all its processes: "STOP" freezes it with its connections open, "CONT"
   * continues it.
   */
  signal(name: "STOP" | "CONT"): void;
  /** Kills the server with SIGKILL, with all its processes, and starts it again on the same port. */
  restart(): Promise<void>;
}

/** Starts a server on a new cluster. fsync is off: a test does not need to survive a power failure. */
export async function startPostgresCluster(): Promise<PostgresCluster> {
  await using starting = new AsyncDisposableStack();
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-test-pg-"));
  starting.defer(() => rm(dir, { recursive: true, force: true }));
  // When the tests run as root, the server runs as another user.
  await chmod(dir, 0o755);
  await copyClusterTemplate(dir);
  const settings = { fsync: "off", max_wal_size: "256MB" };
  let server = await startEmbeddedPostgres({ dir, settings });
  starting.defer(() => server.stop());
  const port = Number(new URL(server.url).port);
  const admin = await openPostgres(server.url, { max: 1 });
  starting.defer(() => admin.close());
  const started = starting.move();
  return {
    async createDatabase() {
      const name = `test_${randomBytes(6).toString("hex")}`;
      await admin.query(`create database ${name}`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
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
      server = await startEmbeddedPostgres({ dir, port, settings });
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Returns the ids of the processes of a server, its main process first. Every other one is a child of it. */
function processesOf(dir: string): number[] {
  const [pid = ""] = readFileSync(path.join(dir, "cluster", "postmaster.pid"), "utf8").split("\n");
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return [pid, ...children].map(Number);
}
