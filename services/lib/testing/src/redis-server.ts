import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { freePort } from "./free-port.ts";

/** A Redis server of one test, on its own port, with persistence. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Kills the server with SIGKILL and starts a new one on the same files. */
  restart(): Promise<void>;
  /** Kills the server with SIGKILL and does not start another one; `restart` starts it again. */
  kill(): Promise<void>;
  /** Sends SIGSTOP: connections stay open and the server answers nothing, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/** Whether the machine has a redis-server. */
export function hasRedis(): boolean {
  try {
    execFileSync("redis-server", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts redis-server on a free port, with an optional password and optional flags such as
 * "--cluster-enabled", "yes".
 */
export async function startRedis(password = "", more: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort();
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-redis-"));
  const kept = ["--dir", dir, "--save", "", "--appendonly", "yes"];
  const flags = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    ...kept,
    ...(password ? ["--requirepass", password] : []),
    ...more,
  ];
  const start = async () => {
    const child = spawn("redis-server", flags);
    for await (const line of child.stdout) if (String(line).includes("Ready to accept connections")) break;
    return child;
  };
  let child = await start();
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  return {
    url: `redis://${password ? `:${password}@` : ""}127.0.0.1:${port}`,
    async restart() {
      await kill();
      child = await start();
    },
    kill,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
