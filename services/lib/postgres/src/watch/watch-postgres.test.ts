import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { startTcpRelay } from "@bellwether/testing/tcp-relay";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded/embedded-postgres.ts";
import { watchPostgres } from "./watch-postgres.ts";

let server: EmbeddedPostgres;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-pulse-"));
  await chmod(folder, 0o755);
  server = await startEmbeddedPostgres({ dir: path.join(folder, "data"), settings: { fsync: "off" } });
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

vi.setConfig({ testTimeout: 60_000 });
// On a busy machine, an answer can take longer than half a second.
const QUICK = { pauseMs: 20, timeLimitMs: 1_500, giveUpMs: 100_000 };
const within = (condition: () => void) => vi.waitFor(condition, { timeout: 20_000, interval: 10 });

test("reports once that the server has stopped, and once that it is available again", async () => {
  await using relay = await startTcpRelay(server.url);
  const reported: boolean[] = [];
  await using _watch = watchPostgres(relay.url, (answers) => reported.push(answers), QUICK);
  await within(() => expect(relay.connectionsOpen()).toBe(1));
  await relay.disconnect();
  await within(() => expect(reported).toEqual([false]));
  await relay.reconnect();
  await within(() => expect(reported).toEqual([false, true]));
});

test("a server that hangs is reported after the time limit, gets no second query, and is reported again when it continues", async () => {
  await using relay = await startTcpRelay(server.url);
  const reported: boolean[] = [];
  let at = 0;
  const note = (answers: boolean): void => {
    reported.push(answers);
    at = performance.now();
  };
  await using _watch = watchPostgres(relay.url, note, QUICK);
  await within(() => expect(relay.chunksReceived()).toBeGreaterThan(3));
  const held = performance.now();
  relay.setPaused(true);
  await within(() => expect(reported).toEqual([false]));
  // The relay may have been paused in the middle of a check, so the time may be shorter than the limit.
  expect(at - held).toBeGreaterThan(QUICK.timeLimitMs / 2);
  relay.setPaused(false);
  await within(() => expect(reported).toEqual([false, true]));
  expect(relay.connectionsAccepted()).toBe(1);
});

test("a connection that never answers is replaced by a new one", async () => {
  await using relay = await startTcpRelay(server.url);
  const reported: boolean[] = [];
  await using _watch = watchPostgres(relay.url, (answers) => reported.push(answers), { ...QUICK, giveUpMs: 3_000 });
  await within(() => expect(relay.connectionsOpen()).toBe(1));
  relay.setPaused(true);
  await within(() => expect(reported).toEqual([false]));
  await within(() => expect(relay.connectionsAccepted()).toBeGreaterThan(1));
  relay.setPaused(false);
  await within(() => expect(reported).toEqual([false, true]));
});

test("after disposal it reports nothing and has no connection, even while the server hangs", async () => {
  await using relay = await startTcpRelay(server.url);
  const reported: boolean[] = [];
  const watch = watchPostgres(relay.url, (answers) => reported.push(answers), QUICK);
  await within(() => expect(relay.connectionsOpen()).toBe(1));
  relay.setPaused(true);
  const begun = performance.now();
  await watch[Symbol.asyncDispose]();
  expect(performance.now() - begun).toBeLessThan(2_000);
  relay.setPaused(false);
  await within(() => expect(relay.connectionsOpen()).toBe(0));
  expect(reported).toEqual([]);
});
