import { spawnScript } from "@bellwether/testing/node-process";
import { Code } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { rpcError } from "./rpc-error.ts";
import { sharedError } from "./shared-error.ts";

test("the first call creates the error, and each further call returns it", () => {
  const create = vi.fn(() => rpcError(Code.Unavailable, "AWAY", "the service is away"));
  const away = sharedError(create);
  expect(create).not.toHaveBeenCalled();
  expect(away()).toBe(away());
  expect(create).toHaveBeenCalledTimes(1);
});

test("a server starts without an error, and so without the Headers of Node, which take long to load", async () => {
  const startEcho = JSON.stringify(import.meta.resolve("@bellwether/testing/echo/start-echo"));
  const script = `
    let loads = 0;
    const { value } = Object.getOwnPropertyDescriptor(globalThis, "Headers");
    Object.defineProperty(globalThis, "Headers", { get() { loads++; return value; } });
    const { startEcho } = await import(${startEcho});
    const echo = await startEcho();
    console.log("Headers loaded " + loads + " times");
    await echo[Symbol.asyncDispose]();`;
  await using started = spawnScript(script, { stdout: "collect", ipc: false });
  expect(await started.ended).toBe(0);
  expect(started.output()).toContain("Headers loaded 0 times");
});
