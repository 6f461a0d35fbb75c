import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";

/** A Redis that keeps what it was told, on a port of its own. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  /** SIGKILL, and a new one on the same files. */
  restart(): Promise<void>;
}

export function hasRedis(): boolean {
  try {
    execFileSync("redis-server", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

export async function startRedis(): Promise<TestRedis> {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, "close");
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-redis-"));
  const start = async () => {
    const flags = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "yes"];
    const redis = spawn("redis-server", flags);
    for await (const line of redis.stdout) if (String(line).includes("Ready to accept connections")) break;
    return redis;
  };
  let redis = await start();
  const kill = async (): Promise<void> => {
    const ended = once(redis, "exit");
    redis.kill("SIGKILL");
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    async restart() {
      await kill();
      redis = await start();
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
