import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";

/** A Redis of one test; it keeps nothing. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
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

/** Starts redis-server on a free port, with a password when one is given. */
export async function startRedis(password = ""): Promise<RedisServer> {
  const port = await freePort();
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-redis-"));
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", ""];
  const child = spawn("redis-server", [...settings, ...(password ? ["--requirepass", password] : [])]);
  const ended = once(child, "exit");
  for await (const line of child.stdout) if (String(line).includes("Ready to accept connections")) break;
  return {
    url: `redis://${password ? `:${password}@` : ""}127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Redis does not tell which port it took when asked for any. */
async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address ? address.port : 0;
}
