import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { sendToParent } from "./send-to-parent.ts";

test("a message to a parent that has ended is dropped, and not an error that ends the process", async () => {
  const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
  // The other end of a channel has the same `send` as the process that it started.
  const channel = spawn(process.execPath, ["--eval", "process.disconnect()"], { stdio: [...stdio] });
  const errors: Error[] = [];
  channel.on("error", (error) => errors.push(error));
  await once(channel, "close");
  channel.send({});
  await new Promise(setImmediate);
  expect(errors).toMatchObject([{ code: "ERR_IPC_CHANNEL_CLOSED" }]);
  expect(sendToParent(channel, { progress: 1 })).toBe(true);
  await new Promise(setImmediate);
  expect(errors).toHaveLength(1);
});

test("without a channel nothing is sent", () => {
  expect(sendToParent({}, { progress: 1 })).toBe(false);
});
