import { text } from "node:stream/consumers";
import { firstMessage, spawnScript } from "@bellwether/testing/node-process";
import { expect, test } from "vitest";

/**
 * Runs a script whose parent disconnects at its first message or at once. Returns how the process ended, and
 * what it printed.
 */
async function endAfterDisconnect(script: string, at: "once" | "message") {
  const started = spawnScript(`setInterval(() => {}, 1_000);${REPORT}${script}`, { stdout: "pipe" });
  const printed = text(started.child.stdout ?? expect.fail());
  const message = at === "message" ? await firstMessage(started, "the script") : undefined;
  started.child.disconnect();
  return { code: await started.ended, printed: await printed, message };
}

const REPORT = `const { notifyParent } = await import(${JSON.stringify(new URL("parent-process.ts", import.meta.url).href)});
const stop = () => { console.log("stopped"); process.exit(0); };
const report = () => notifyParent({ addresses: "here" }, stop);`;

test("a service reports its address to its parent, and stops when the parent has ended", async () => {
  expect(await endAfterDisconnect("report();", "message")).toEqual({
    code: 0,
    printed: "stopped\n",
    message: { addresses: "here" },
  });
});

test("a service whose parent ended while the service loaded stops", async () => {
  const script = 'if (process.connected) process.once("disconnect", () => setImmediate(report)); else report();';
  expect(await endAfterDisconnect(script, "once")).toEqual({ code: 0, printed: "stopped\n", message: undefined });
});

test("a service reports to its parent why it did not start, and a service without a parent goes on", async () => {
  const script = `const { reportStartError } = await import(${JSON.stringify(new URL("parent-process.ts", import.meta.url).href)});
await reportStartError("port 8080 is in use");
process.once("disconnect", async () => {
  await reportStartError("nobody listens");
  console.log("reported");
  process.exit(3);
});`;
  expect(await endAfterDisconnect(script, "message")).toEqual({
    code: 3,
    printed: "reported\n",
    message: { startError: "port 8080 is in use" },
  });
});
