import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./free-port.ts";

/** A PgBouncer of one test in session mode, in front of all databases of one PostgreSQL server. */
export interface PgBouncer extends AsyncDisposable {
  /** Returns the URL of a database of the server through PgBouncer. */
  through(databaseUrl: string): string;
}

/** PgBouncer does not run as root. */
const NOBODY = 65_534;
const POOL_SIZE = 60;

/** Whether the machine has a pgbouncer. */
export function hasPgBouncer(): boolean {
  try {
    execFileSync("pgbouncer", ["--version"], { env: ENV });
    return true;
  } catch {
    return false;
  }
}

/** The Debian package installs it where only root looks. */
const ENV = { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin` };

/** Starts PgBouncer with the settings of docs/pgbouncer.md. @param serverUrl URL of a database of the server */
export async function startPgBouncer(serverUrl: string): Promise<PgBouncer> {
  const server = new URL(serverUrl);
  const port = await freePort();
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-pgbouncer-"));
  await chmod(dir, 0o755);
  const users = path.join(dir, "users.txt");
  await writeFile(users, `"${decodeURIComponent(server.username)}" "${decodeURIComponent(server.password)}"\n`);
  const file = path.join(dir, "pgbouncer.ini");
  await writeFile(
    file,
    `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = session
ignore_startup_parameters = options
default_pool_size = ${POOL_SIZE}
max_client_conn = 1000
`,
  );
  const isRoot = process.getuid?.() === 0;
  const child = spawn("pgbouncer", [file], {
    ...{ env: ENV, stdio: ["ignore", "ignore", "pipe"] },
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  });
  const lines: string[] = [];
  const log = createInterface({ input: child.stderr });
  for await (const line of log) {
    lines.push(line);
    if (line.includes("process up")) break;
  }
  if (!lines.at(-1)?.includes("process up")) throw new Error(`pgbouncer did not start: ${lines.join("\n")}`);
  child.stderr.resume();
  return {
    through(databaseUrl) {
      const url = new URL(databaseUrl);
      url.port = String(port);
      return url.href;
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
