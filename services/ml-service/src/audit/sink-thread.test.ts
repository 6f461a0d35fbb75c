import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, expect, test, vi } from "vitest";
import { losses } from "../../test/loss-fixture.ts";
import { openEventSpool } from "./bounded-spool.ts";
import { lineFromEvent } from "./event-line.ts";
import { startSinkThread } from "./sink-thread.ts";

// The thread loads its modules, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000 });
const SLOWLY = { timeout: 60_000, interval: 50 };
const OPS = { kind: "ops", url: "http://127.0.0.1:1", access: null } as const;
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function start() {
  const spoolFolder = await mkdtemp(path.join(os.tmpdir(), "bellwether-trail-thread-"));
  folders.push(spoolFolder);
  const { counts, lost } = losses();
  const logger = { info: vi.fn(), warn: vi.fn() };
  const options = { destination: OPS, spoolFolder, lost, logger };
  const thread = await startSinkThread(options);
  return { thread, spoolFolder, counts, logger };
}

const line = (eventId: string): string =>
  lineFromEvent({
    ...{ eventId, kind: "prediction.served", actor: "a", subject: "S", occurredAtMs: 0, payload: {} },
    ...{ producer: "p", sequence: 1 },
  });

/** Reads the lines in a spool that no process uses any more. */
async function linesIn(folder: string): Promise<string[]> {
  await using spool = await openEventSpool({ folder, lost: () => {} });
  const lines: string[] = [];
  for (let segment = await spool.oldest(); segment; segment = await spool.oldest()) {
    lines.push(...segment.lines(0, segment.length));
    await segment.remove();
  }
  return lines;
}

test("lines stay on disk in order while the audit log does not answer", async () => {
  const { thread, spoolFolder, counts, logger } = await start();
  await thread.append([line("a"), line("b")]);
  await thread.append([line("c")]);
  await vi.waitFor(() => expect(logger.info).toHaveBeenCalledOnce(), SLOWLY);
  await thread.stop(100);
  expect(await linesIn(spoolFolder)).toEqual(["a", "b", "c"].map(line));
  expect(counts).toEqual({});
});

test("a thread that ended is replaced, and its lines on disk are kept", async () => {
  const workers: Worker[] = [];
  const onWorker = (worker: Worker) => void workers.push(worker);
  process.on("worker", onWorker);
  const { thread, spoolFolder, logger } = await start();
  await thread.append([line("before")]);
  await workers[0]?.terminate();
  await thread.append([line("after")]);
  await thread.stop(100);
  process.off("worker", onWorker);
  expect(workers).toHaveLength(2);
  expect(await linesIn(spoolFolder)).toEqual(["before", "after"].map(line));
  expect(logger.warn.mock.calls.map(([, message]) => message)).toContain(
    "the audit thread has ended; another one will be started",
  );
});

test("a folder that cannot be written is reported at the start", async () => {
  const options = {
    destination: OPS,
    lost: () => {},
    logger: { info: vi.fn(), warn: vi.fn() },
  };
  await expect(startSinkThread({ ...options, spoolFolder: "/dev/null/spool" })).rejects.toThrow(
    /^BELLWETHER_AUDIT_SINK: \/dev\/null\/spool cannot be written \(ENOTDIR\)/,
  );
});
