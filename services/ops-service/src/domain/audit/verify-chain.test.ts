import { expect, test } from "vitest";
import { type AuditEvent, chainEvents, EMPTY_CHAIN } from "./audit-chain.ts";
import { verifyChain } from "./verify-chain.ts";

const event: AuditEvent = { eventId: "e", kind: "k", actor: "a", subject: "s", occurredUs: 0n, payload: "" };

test("lets other calls run after each batch of at most 500 records, and stops at an abort", async () => {
  const records = chainEvents(
    EMPTY_CHAIN,
    Array.from({ length: 1_201 }, () => event),
    0n,
  );
  const steps: string[] = [];
  const stop = new AbortController();
  const reader = (yieldToOthers: () => Promise<void>) => ({
    chainHead: async () => records.at(-1) ?? EMPTY_CHAIN,
    recordsAfter: async (sequence: number, limit: number) => {
      const found = records.slice(sequence, sequence + limit);
      steps.push(`read ${found.length}`);
      return found;
    },
    yieldToOthers,
  });
  const recorded = async () => void steps.push("yield");
  expect(await verifyChain(reader(recorded), stop.signal)).toMatchObject({
    holds: true,
    verified: { sequence: 1_201 },
  });
  expect(steps).toEqual(["read 500", "yield", "read 500", "yield", "read 201", "yield"]);
  const aborting = async () => stop.abort(new Error("canceled"));
  await expect(verifyChain(reader(aborting), stop.signal)).rejects.toThrow("canceled");
});
