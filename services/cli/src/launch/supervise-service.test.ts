import { describe, expect, test } from "vitest";
import { type ServiceProcess, ServiceStartError } from "./service-process.ts";
import { superviseService } from "./supervise-service.ts";

const ADDRESSES = { grpc: { port: 1 }, web: { port: 2 }, admin: { port: 3 } };

/** Returns a service that the test ends, and a clock that the test sets. */
async function setUp() {
  const lines: string[] = [];
  const waits: number[] = [];
  const starts: { end: (how: string) => void; stopped: boolean }[] = [];
  let time = 0;
  let failing: string | null = null;
  const changed: (() => void)[] = [];
  const launch = async (): Promise<ServiceProcess> => {
    if (failing !== null) throw new ServiceStartError(failing);
    const { promise, resolve } = Promise.withResolvers<string>();
    const start = { end: resolve, stopped: false };
    starts.push(start);
    for (const notify of changed.splice(0)) notify();
    return {
      name: "ml-service",
      addresses: ADDRESSES,
      ended: promise,
      async [Symbol.asyncDispose]() {
        start.stopped = true;
        resolve("ml-service ended with exit code 0");
      },
    };
  };
  const service = await superviseService(launch, {
    say: (text) => lines.push(text),
    now: () => time,
    wait: async (ms) => void waits.push(ms),
  });
  return {
    service,
    lines,
    waits,
    starts,
    /** Ends the running service at `atMs`; resolves when the service was started again. */
    async die(atMs: number) {
      time = atMs;
      const again = new Promise<void>((resolve) => changed.push(resolve));
      starts.at(-1)?.end("ml-service ended with exit code 7");
      await Promise.race([again, service.ended]);
    },
    failNow: (text: string) => {
      failing = text;
    },
  };
}

describe("a service that ends by itself", () => {
  test("is started again, after a longer wait each time", async () => {
    const set = await setUp();
    await set.die(0);
    await set.die(1_000);
    expect(set.starts).toHaveLength(3);
    expect(set.lines).toEqual(Array(2).fill("ml-service ended with exit code 7; starting it again"));
    expect(set.waits).toEqual([250, 1_000]);
    await set.service[Symbol.asyncDispose]();
    expect(set.starts.map(({ stopped }) => stopped)).toEqual([false, false, true]);
  });

  test("is not started again at the third end within a minute; the reason has its name and exit code", async () => {
    const set = await setUp();
    for (const atMs of [0, 59_000, 59_999]) await set.die(atMs);
    expect(await set.service.ended).toBe("ml-service ended with exit code 7, for the 3rd time within a minute");
    expect(set.starts).toHaveLength(3);
    await set.service[Symbol.asyncDispose]();
  });

  test("is started again when the first of three ends was a minute ago", async () => {
    const set = await setUp();
    for (const atMs of [0, 30_000, 60_000]) await set.die(atMs);
    expect(set.starts).toHaveLength(4);
    await set.service[Symbol.asyncDispose]();
  });

  test("a start that fails counts as an end", async () => {
    const set = await setUp();
    set.failNow("ml-service ended with exit code 1 while it was starting");
    await set.die(0);
    expect(await set.service.ended).toBe(
      "ml-service ended with exit code 1 while it was starting, for the 3rd time within a minute",
    );
  });
});
