import { checkpointSigner, newCheckpointKey } from "@bellwether/contract/audit/checkpoint";
import { EMPTY_CHAIN } from "@bellwether/contract/audit/record-hash";
import { expect, test } from "vitest";
import { type AuditEvent, type AuditRecord, chainEvents } from "./audit-chain.ts";
import { type ChainReader, verifyChain } from "./verify-chain.ts";

const event: AuditEvent = { eventId: "e", kind: "k", actor: "a", subject: "s", occurredUs: 0n, payload: "" };
const recording = { recordedBy: "someone", recordedUs: 0n };

function chainOf(count: number, kind = "k"): AuditRecord[] {
  const events = Array.from({ length: count }, (_, i) => ({ ...event, kind, eventId: `e${i + 1}` }));
  return chainEvents(EMPTY_CHAIN, events, recording);
}

function readerOf(
  records: readonly AuditRecord[],
  yieldToOthers = async () => {},
  head: AuditRecord | undefined = records.at(-1),
): ChainReader {
  return {
    readEnd: async () => ({ head: head ?? EMPTY_CHAIN, outside: null }),
    rowsFrom: async (sequence, limit) => records.filter((record) => record.sequence >= sequence).slice(0, limit),
    yieldToOthers,
  };
}

const never = new AbortController().signal;

test("lets other calls run after each batch of at most 500 records, and stops at an abort", async () => {
  const records = chainOf(1_201);
  const steps: string[] = [];
  const stop = new AbortController();
  const reader = (yieldToOthers: () => Promise<void>): ChainReader => {
    const { rowsFrom, ...rest } = readerOf(records, yieldToOthers);
    return {
      ...rest,
      rowsFrom: async (sequence, limit) => {
        const found = await rowsFrom(sequence, limit);
        steps.push(`read ${found.length}`);
        return found;
      },
    };
  };
  const recorded = async () => void steps.push("yield");
  expect(await verifyChain(reader(recorded), stop.signal)).toMatchObject({
    ...{ holds: true, records: 1_201 },
    verified: { sequence: 1_201 },
  });
  expect(steps).toEqual(["read 500", "yield", "read 500", "yield", "read 201", "yield"]);
  const aborting = async () => stop.abort(new Error("canceled"));
  await expect(verifyChain(reader(aborting), stop.signal)).rejects.toThrow("canceled");
});

test("begins after a record that was verified before, which must still have its hash", async () => {
  const records = chainOf(10);
  const from = { sequence: 7, hash: records[6]?.hash ?? "" };
  expect(await verifyChain(readerOf(records), never, { from })).toMatchObject({ holds: true, records: 3 });
  const rewritten = chainOf(10, "other");
  expect(await verifyChain(readerOf(rewritten), never, { from })).toMatchObject({
    broken: { sequence: 7, eventId: "e7", reason: expect.stringContaining("it was rewritten") },
  });
  expect(await verifyChain(readerOf(records.slice(0, 5)), never, { from })).toMatchObject({
    broken: { sequence: 6, reason: expect.stringContaining("the end was cut off") },
  });
});

test("a log that was rewritten or cut, and is whole in itself, does not match a checkpoint", async () => {
  const signer = checkpointSigner(newCheckpointKey(), "key");
  const records = chainOf(10);
  const checkpoints = [3, 9].map((n) => signer.sign({ sequence: n, hash: records[n - 1]?.hash ?? "" }, new Date()));
  expect(await verifyChain(readerOf(records), never, { checkpoints })).toMatchObject({ holds: true, checkpoints: 2 });
  const [third] = chainOf(10, "other").slice(2);
  expect(await verifyChain(readerOf(chainOf(10, "other")), never, { checkpoints })).toMatchObject({
    ...{ holds: false, verified: { sequence: 2 } },
    broken: { sequence: 3, eventId: third?.eventId, reason: expect.stringContaining("not that of the checkpoint") },
  });
  expect(await verifyChain(readerOf(records.slice(0, 8)), never, { checkpoints })).toMatchObject({
    broken: { sequence: 9, reason: "the log ends with record 8, but a checkpoint has record 9: the end was cut off" },
  });
});

test("names the first record that is missing, and a head that was removed", async () => {
  const records = chainOf(6);
  const hole = records.filter(({ sequence }) => sequence !== 4);
  expect(await verifyChain(readerOf(hole), never)).toMatchObject({ broken: { sequence: 4, eventId: null } });
  const noHead = { ...readerOf(records), readEnd: async () => ({ head: null, outside: null }) };
  expect(await verifyChain(noHead, never)).toMatchObject({
    broken: { sequence: 1, reason: expect.stringContaining("the log has no head") },
  });
  const outside = {
    ...readerOf(records),
    readEnd: async () => ({ head: records.at(-1) ?? EMPTY_CHAIN, outside: 9 }),
  };
  expect(await verifyChain(outside, never)).toMatchObject({ holds: false, broken: { sequence: 9 } });
});
