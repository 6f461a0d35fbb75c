import { expect, test, vi } from "vitest";
import type { CallEvent } from "./audit-calls.ts";
import { createAuditQueue, type QueuedEvent } from "./audit-queue.ts";

const SILENT = { info: () => {}, warn: () => {} };
const event = (rpc: string): CallEvent => {
  return { kind: "call.made", actor: "ada", subject: "", occurredAtMs: 0, payload: { rpc } };
};

test("events are appended in their order, with a sequence of their process, and the end waits for the last ones", async () => {
  const appended: QueuedEvent[] = [];
  const queue = createAuditQueue({ append: async (events) => void appended.push(...events), logger: SILENT });
  for (let i = 0; i < 1_200; i++) queue.record(event(`rpc ${i}`));
  await queue[Symbol.asyncDispose]();
  const payloads = appended.map(({ payloadJson }) => JSON.parse(payloadJson));
  expect(payloads.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 1_200 }, (_, i) => i + 1));
  expect(new Set(payloads.map(({ producer }) => producer)).size).toBe(1);
  expect(new Set(appended.map(({ eventId }) => eventId)).size).toBe(1_200);
  expect(payloads[7]).toMatchObject({ rpc: "rpc 7" });
});

test("events that the log does not accept are appended again, with the same ids, and the problem is said once", async () => {
  const problems: unknown[] = [];
  const attempts: string[][] = [];
  const queue = createAuditQueue({
    append: async (events) => {
      attempts.push(events.map(({ eventId }) => eventId));
      if (attempts.length < 3) throw new Error("away");
    },
    logger: { ...SILENT, warn: (fields) => problems.push(fields) },
  });
  queue.record(event("a"));
  await vi.waitFor(() => expect(attempts).toHaveLength(3), { timeout: 10_000 });
  expect(new Set(attempts.flat()).size).toBe(1);
  expect(problems).toEqual([{ err: new Error("away") }]);
  await queue[Symbol.asyncDispose]();
});

test("more events than fit are dropped and reported, and leave a gap in the sequence", async () => {
  const appended: number[] = [];
  const problems: object[] = [];
  const away = Promise.withResolvers<void>();
  away.promise.catch(() => {});
  const queue = createAuditQueue({
    async append(events) {
      if (problems.length === 0) await away.promise;
      appended.push(...events.map(({ payloadJson }) => JSON.parse(payloadJson).sequence));
    },
    logger: { ...SILENT, warn: (fields) => problems.push(fields) },
  });
  for (let i = 0; i < 10_005; i++) queue.record(event("a"));
  away.reject(new Error("away"));
  await vi.waitFor(() => expect(appended).toHaveLength(10_000), { timeout: 20_000 });
  queue.record(event("b"));
  await queue[Symbol.asyncDispose]();
  expect(problems).toEqual([{ err: new Error("away") }, { dropped: 5 }]);
  expect(appended.slice(-2)).toEqual([10_000, 10_006]);
});
