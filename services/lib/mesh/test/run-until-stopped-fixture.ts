// Runs an empty service: `run-until-stopped-fixture.ts MODE`. It prints a line for everything that it opens
// and closes.
import { once } from "node:events";
import { runUntilStopped } from "../src/server/run-until-stopped.ts";
import type { RunningServer } from "../src/server/start-server.ts";

const [, , mode] = process.argv;
const address = { host: "127.0.0.1", port: 1 };
let stops = 0;

const code = await runUntilStopped(async (opened) => {
  // Keeps the process running, as a listener does.
  const listening = setInterval(() => {}, 1_000);
  opened.defer(() => clearInterval(listening));
  opened.defer(() => console.log("closed database"));
  console.log("opened database");
  if (mode === "breaks") throw new Error("cannot listen on 127.0.0.1:1");
  // Waits until the test writes a line, or closes stdin.
  if (mode === "slow") await once(process.stdin, "data");
  const stop = async (): Promise<void> => {
    console.log(`stopped ${++stops}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const server: RunningServer = {
    addresses: { grpc: address, web: address, admin: address },
    setServing: () => {},
    stop,
    [Symbol.asyncDispose]: stop,
  };
  console.log("serving");
  return opened.use(server);
});
process.exit(code);
