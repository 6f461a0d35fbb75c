import { EMPTY_CHAIN } from "@bellwether/contract/audit/record-hash";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ChainVerification } from "../domain/audit/verify-chain.ts";
import { startAuditCare } from "./audit-care.ts";

const HOLDS: ChainVerification = {
  ...{ holds: true, broken: null, from: EMPTY_CHAIN, verified: EMPTY_CHAIN },
  ...{ records: 0, erasedPayloads: 0, checkpoints: 0 },
};
const BROKEN: ChainVerification = { ...HOLDS, holds: false, broken: { sequence: 3, eventId: "e", reason: "changed" } };

function setUp(wholeEveryMs: number) {
  const results = { fresh: HOLDS, whole: HOLDS };
  const calls: string[] = [];
  const shown: unknown[] = [];
  const errors: unknown[] = [];
  const job = startAuditCare({
    care: {
      newest: null,
      check: async (_signal, { sign = false } = {}) => {
        calls.push(sign ? "sign" : "check");
        return results.fresh;
      },
      verifyAll: async () => {
        calls.push("whole");
        return results.whole;
      },
    },
    ...{ everyMs: 5, wholeEveryMs },
    onBroken: (broken) => shown.push(broken),
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => job[Symbol.dispose]());
  return { results, calls, shown, errors, job };
}

test("a log that does not verify is reported once, and again when it verifies", async () => {
  const { results, shown, calls } = setUp(3_600_000);
  results.fresh = BROKEN;
  await vi.waitFor(() => expect(calls.length).toBeGreaterThan(3));
  expect(shown).toEqual([BROKEN.broken]);
  results.fresh = HOLDS;
  await vi.waitFor(() => expect(shown).toEqual([BROKEN.broken, null]));
});

test("what the whole verification finds is not hidden by new records that are correct", async () => {
  const { results, shown, calls } = setUp(0);
  results.whole = BROKEN;
  await vi.waitFor(() => expect(calls.filter((name) => name === "check").length).toBeGreaterThan(3));
  expect(shown).toEqual([BROKEN.broken]);
});

test("a checkpoint that is asked for does not wait for the interval", async () => {
  const { calls, job } = setUp(3_600_000);
  job.signSoon();
  await vi.waitFor(() => expect(calls).toContain("sign"));
});
