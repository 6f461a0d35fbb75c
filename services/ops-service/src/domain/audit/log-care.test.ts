import { type AuditCheckpoint, checkpointSigner, newCheckpointKey } from "@bellwether/contract/audit/checkpoint";
import { EMPTY_CHAIN } from "@bellwether/contract/audit/record-hash";
import { expect, test } from "vitest";
import { type AuditRecord, chainEvents } from "./audit-chain.ts";
import { createLogCare } from "./log-care.ts";

const never = new AbortController().signal;
const recording = { recordedBy: "someone", recordedUs: 0n };

function eventsOf(count: number, kind = "k") {
  return Array.from({ length: count }, (_, i) => {
    return { eventId: `e${i + 1}`, kind, actor: "a", subject: "s", occurredUs: 0n, payload: "" };
  });
}

function setUp({ checkpointEvents = 100, key = newCheckpointKey() } = {}) {
  const log = { records: chainEvents(EMPTY_CHAIN, eventsOf(10), recording), stored: [] as AuditCheckpoint[] };
  const published: AuditCheckpoint[] = [];
  const reads: number[] = [];
  const start = () =>
    createLogCare({
      ...{ signer: checkpointSigner(key, "key"), checkpointEvents, now: () => new Date(0) },
      readEnd: async () => ({ head: log.records.at(-1) ?? EMPTY_CHAIN, outside: null }),
      rowsFrom: async (sequence, limit) => {
        const found = log.records.filter((record) => record.sequence >= sequence).slice(0, limit);
        reads.push(found.length);
        return found;
      },
      yieldToOthers: async () => {},
      listCheckpoints: async (before = Number.POSITIVE_INFINITY, limit) =>
        log.stored
          .filter(({ sequence }) => sequence < before)
          .toSorted((a, b) => b.sequence - a.sequence)
          .slice(0, limit),
      storeCheckpoint: async (checkpoint) => void log.stored.push(checkpoint),
      publishCheckpoint: async (checkpoint) => void published.push(checkpoint),
    });
  const grow = (count: number): AuditRecord[] => {
    log.records = [...log.records, ...chainEvents(log.records.at(-1) ?? EMPTY_CHAIN, eventsOf(count), recording)];
    return log.records;
  };
  return { log, published, reads, start, grow };
}

test("a checkpoint is signed after enough new records, or when it is asked for, and never twice for a record", async () => {
  const { log, published, start, grow } = setUp({ checkpointEvents: 10 });
  const care = start();
  await care.check(never);
  expect(published.map(({ sequence }) => sequence)).toEqual([10]);
  grow(9);
  await care.check(never);
  expect(published).toHaveLength(1);
  await Promise.all([care.check(never, { sign: true }), care.check(never, { sign: true })]);
  expect(published.map(({ sequence }) => sequence)).toEqual([10, 19]);
  expect(log.stored).toEqual(published);
  expect(care.newest?.sequence).toBe(19);
});

test("only new records are read, and a new process begins at the newest checkpoint", async () => {
  const { reads, start, grow } = setUp();
  await start().check(never, { sign: true });
  grow(5);
  reads.length = 0;
  expect(await start().check(never)).toMatchObject({ holds: true, records: 5, from: { sequence: 10 } });
  // The record of the checkpoint, then the new ones.
  expect(reads).toEqual([1, 5]);
});

test("nothing is signed for a log that was rewritten or cut since", async () => {
  const { log, published, start } = setUp();
  const care = start();
  await care.check(never, { sign: true });
  log.records = chainEvents(EMPTY_CHAIN, eventsOf(12, "other"), recording);
  expect(await care.check(never, { sign: true })).toMatchObject({ holds: false, broken: { sequence: 10 } });
  expect(await start().verifyAll(never)).toMatchObject({ holds: false, broken: { sequence: 10 } });
  log.records = log.records.slice(0, 4);
  // The checkpoints of the table were removed too.
  log.stored = [];
  expect(await care.check(never)).toMatchObject({ holds: false, broken: { sequence: 5 } });
  expect(published).toHaveLength(1);
});

test("a stored checkpoint with the name of the key and another signature is forged; one of another key is left out", async () => {
  const { log, start } = setUp();
  const foreign = checkpointSigner(newCheckpointKey(), "other").sign(
    { sequence: 3, hash: "0".repeat(64) },
    new Date(0),
  );
  log.stored = [foreign];
  expect(await start().verifyAll(never)).toMatchObject({ holds: true });
  await start().check(never, { sign: true });
  const [, mine] = log.stored;
  if (mine) log.stored = [{ ...mine, hash: "0".repeat(64) }];
  for (const result of [await start().verifyAll(never), await start().check(never)])
    expect(result).toMatchObject({ broken: { sequence: 10, reason: expect.stringContaining("is forged or damaged") } });
});

test("without a key the log is verified and nothing is signed", async () => {
  const { log, published } = setUp();
  const care = createLogCare({
    ...{ checkpointEvents: 1, now: () => new Date(0), listCheckpoints: async () => [] },
    readEnd: async () => ({ head: log.records.at(-1) ?? EMPTY_CHAIN, outside: null }),
    rowsFrom: async (sequence, limit) => log.records.filter((r) => r.sequence >= sequence).slice(0, limit),
    yieldToOthers: async () => {},
    storeCheckpoint: async (checkpoint) => void published.push(checkpoint),
    publishCheckpoint: async (checkpoint) => void published.push(checkpoint),
  });
  expect(await care.check(never, { sign: true })).toMatchObject({ holds: true, records: 10 });
  expect(published).toEqual([]);
});
