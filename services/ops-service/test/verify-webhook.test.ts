import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openNoticeSender } from "../src/clients/notices/open-notice-sender.ts";
import { webhookMessage } from "../src/clients/notices/webhook-message.ts";
import { freePort } from "./sign-in-harness.ts";
import { OTHER_SECRET, SECRET, testDestination, testNotice } from "./test-notice.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const PAGE = readFileSync(path.join(ROOT, "docs/webhooks.md"), "utf8");
const never = new AbortController().signal;

let ending = new AsyncDisposableStack();
beforeEach(() => {
  ending = new AsyncDisposableStack();
});
afterEach(() => ending.disposeAsync());

/** Returns the first code block of the page in a language. */
function blockOf(language: string): string {
  const [, block] = new RegExp(`\n\`\`\`${language}\n([^]*?)\n\`\`\``).exec(PAGE) ?? [];
  if (block === undefined) throw new Error(`docs/webhooks.md has no block in ${language}`);
  return block;
}

/** Runs a receiver and waits until it listens. Returns its URL, and what it printed when it was stopped. */
async function startReceiver(program: string, args: readonly string[], source: string) {
  const port = await freePort();
  const child: ChildProcess = spawn(program, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, WEBHOOK_SECRET: SECRET, PORT: String(port) },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(child, "close");
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  ending.defer(stop);
  let printed = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  child.stdin?.end(source);
  await expect.poll(() => isListening(port), { timeout: 15_000 }).toBe(true);
  return {
    url: `http://127.0.0.1:${port}/`,
    async output(): Promise<string> {
      await stop();
      return printed;
    },
  };
}

async function isListening(port: number): Promise<boolean> {
  const socket = net.connect(port, "127.0.0.1");
  const connected = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  });
  socket.destroy();
  return connected;
}

/** Sends good and bad notices to a receiver of the page. */
async function expectVerified(language: string, program: string, args: readonly string[]): Promise<void> {
  const receiver = await startReceiver(program, args, blockOf(language));
  const sender = openNoticeSender();
  ending.defer(sender.close);
  const send = (secret: string | null) =>
    sender.send(testNotice(), testDestination({ address: receiver.url, secret }), never);
  expect(await send(OTHER_SECRET)).toMatchObject({ kind: "rejected", reason: expect.stringContaining("401") });
  expect(await send(null)).toMatchObject({ kind: "rejected" });
  expect(await send(SECRET)).toMatchObject({ kind: "delivered" });
  expect(await send(`${OTHER_SECRET},${SECRET}`)).toMatchObject({ kind: "delivered" });
  const lines = (await receiver.output()).trim().split("\n");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^notice\.alerts .*S-1001/);
}

test("the receiver in JavaScript accepts a signed notice once, and rejects others", () =>
  expectVerified("js", process.execPath, ["--input-type=module", "-"]));

const hasPython = spawnSync("python3", ["--version"]).status === 0;

test.skipIf(!hasPython)("the receiver in Python accepts a signed notice once, and rejects others (needs python3)", () =>
  expectVerified("python", "python3", ["-"]),
);

test("the example of a body on the page has the properties of a notice", () => {
  const keysOf = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.slice(0, 1).map(keysOf)
      : typeof value === "object" && value !== null
        ? Object.entries(value).map(([key, of]) => [key, keysOf(of)])
        : typeof value;
  expect(keysOf(JSON.parse(blockOf("json")))).toEqual(
    keysOf(JSON.parse(webhookMessage(testNotice(), null, new Date()).body)),
  );
});
