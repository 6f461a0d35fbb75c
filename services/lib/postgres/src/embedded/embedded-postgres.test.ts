import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { StorageError } from "@bellwether/files/storage-error";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openPostgres } from "../pool/open-postgres.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-pg-"));
  await chmod(dir, 0o755);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const settings = { fsync: "off" };

async function countRows(url: string): Promise<number> {
  const pool = await openPostgres(url, { max: 1 });
  try {
    await pool.query("create table if not exists kept (n int)");
    await pool.query("insert into kept values (1)");
    const { rows } = await pool.query<{ count: number }>("select count(*)::int as count from kept");
    return rows[0]?.count ?? 0;
  } finally {
    await pool.close();
  }
}

describe("startEmbeddedPostgres", () => {
  it("creates a cluster, and reads its rows again after a stop", async () => {
    {
      await using server = await startEmbeddedPostgres({ dir, settings });
      expect(server.origin).toBe("initialised");
      expect(await countRows(server.url)).toBe(1);
    }
    await using server = await startEmbeddedPostgres({ dir, settings });
    expect(server.origin).toBe("started");
    expect(await countRows(server.url)).toBe(2);
  });

  it("adopts the running server of a process that was killed", async () => {
    const starter = `
      const { startEmbeddedPostgres } = await import(${JSON.stringify(new URL("./embedded-postgres.ts", import.meta.url).href)});
      await startEmbeddedPostgres(${JSON.stringify({ dir, settings })});
      process.kill(process.pid, "SIGKILL");`;
    const killed = promisify(execFile)(process.execPath, ["--input-type=module", "-e", starter]);
    await expect(killed).rejects.toMatchObject({ signal: "SIGKILL" });
    await using server = await startEmbeddedPostgres({ dir, settings });
    expect(server.origin).toBe("adopted");
    expect(await countRows(server.url)).toBe(1);
  });

  it("returns one server to two processes that start at the same time", async () => {
    const servers = await Promise.all([
      startEmbeddedPostgres({ dir, settings }),
      startEmbeddedPostgres({ dir, settings }),
    ]);
    expect(servers[0].url).toBe(servers[1].url);
    expect(await countRows(servers[0].url)).toBe(1);
    expect(await countRows(servers[1].url)).toBe(2);
    for (const server of servers) await server.stop();
  });

  it("reports in one line that a port is taken, and leaves no incomplete cluster", async () => {
    const taken = net.createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const started = startEmbeddedPostgres({ dir, settings, port });
    await expect(started).rejects.toThrow(
      new RegExp(`^port ${port} for PostgreSQL is taken: stop the program that uses it[^\n]*$`),
    );
    taken.close();
    await using server = await startEmbeddedPostgres({ dir, settings, port });
    expect(new URL(server.url).port).toBe(String(port));
    expect((await readdir(dir)).filter((name) => name.startsWith("cluster."))).toEqual([]);
  });
});

describe("a postmaster.pid with the id of an unrelated process", () => {
  it("is not adopted, and the process gets no signal", async () => {
    const pidFile = path.join(dir, "cluster/postmaster.pid");
    const first = await startEmbeddedPostgres({ dir, settings });
    const left = (await readFile(pidFile, "utf8")).split("\n").slice(1);
    await first.stop();
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    // Any program other than PostgreSQL will do: the test needs only its process id.
    const unrelated = spawn("sleep", ["1000"], { ...user, cwd: "/", stdio: "ignore" });
    const ended = once(unrelated, "exit");
    try {
      await once(unrelated, "spawn");
      await writeFile(pidFile, [unrelated.pid, ...left].join("\n"));
      if (user.uid !== undefined) await chown(pidFile, user.uid, user.gid);
      await chmod(pidFile, 0o600);
      {
        await using server = await startEmbeddedPostgres({ dir, settings });
        expect(server.origin).toBe("started");
        expect(server.pid).not.toBe(unrelated.pid);
        expect(await countRows(server.url)).toBe(1);
        // Writes the unrelated id into the file again before the stop.
        await server.stop();
        await writeFile(pidFile, [unrelated.pid, ...left].join("\n"));
      }
      expect([unrelated.exitCode, unrelated.signalCode]).toEqual([null, null]);
    } finally {
      unrelated.kill("SIGKILL");
      await ended;
    }
  });
});

describe("an aborted signal while the cluster is created", () => {
  it("ends initdb, removes the incomplete cluster and rejects with the reason of the signal", async () => {
    const stopping = new AbortController();
    const started = startEmbeddedPostgres({ dir, settings, signal: stopping.signal });
    const rejected = expect(started).rejects.toThrow("stopped by the user");
    await vi.waitFor(async () => expect((await readdir(dir)).some((name) => name.startsWith("cluster."))).toBe(true), {
      timeout: 30_000,
      interval: 5,
    });
    stopping.abort(new Error("stopped by the user"));
    await rejected;
    expect((await readdir(dir)).filter((name) => name.startsWith("cluster"))).toEqual([]);
    await using server = await startEmbeddedPostgres({ dir, settings });
    expect(server.origin).toBe("initialised");
  });

  it("removes the incomplete cluster of a killed start, but not one that may still be in progress", async () => {
    const [old, young] = ["cluster.0123456789ab", "cluster.ba9876543210"];
    for (const name of [old, young]) await mkdir(path.join(dir, name));
    const before = new Date(Date.now() - 11 * 60_000);
    await utimes(path.join(dir, old), before, before);
    await using _server = await startEmbeddedPostgres({ dir, settings });
    expect((await readdir(dir)).filter((name) => name.startsWith("cluster."))).toEqual([young]);
  });
});

describe("an error of a start", () => {
  it("names a postmaster.pid that cannot be read", async () => {
    await (await startEmbeddedPostgres({ dir, settings })).stop();
    const pidFile = path.join(dir, "cluster/postmaster.pid");
    await writeFile(pidFile, "\n");
    await expect(startEmbeddedPostgres({ dir, settings })).rejects.toThrow(
      `PostgreSQL does not start on ${path.join(dir, "cluster")}: pg_ctl: invalid data in PID file "${pidFile}"`,
    );
  });
});

describe("openPostgres", () => {
  it("reports in one line that no server listens at the address, without the password", async () => {
    const opened = openPostgres("postgres://someone:hidden@127.0.0.1:1/none");
    await expect(opened).rejects.toThrow(StorageError);
    await expect(opened).rejects.toThrow(
      "PostgreSQL at postgres://127.0.0.1:1/none cannot be used: nothing listens there. Start it, or correct DATABASE_URL",
    );
  });
});
