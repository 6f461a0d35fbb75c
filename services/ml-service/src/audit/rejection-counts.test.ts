import { expect, test, vi } from "vitest";
import type { AuditEvent } from "../domain/audit-event.ts";
import { createRejectionCounts } from "./rejection-counts.ts";

function counting(everyMs?: number) {
  const events: AuditEvent[] = [];
  let ids = 0;
  const counts = createRejectionCounts({
    record: (event) => void events.push(event),
    newId: () => `id-${ids++}`,
    now: () => 1_000,
    ...(everyMs !== undefined && { everyMs }),
  });
  return { counts, events };
}
const rejection = (reason: string | undefined, identified = false) => ({
  ...{ rpc: "s/Predict", code: "UNAUTHENTICATED", reason, identified },
});

test("rejected calls of one reason become one event with their number, after the period", async () => {
  const { counts, events } = counting(1);
  for (let i = 0; i < 1_000; i++) counts.count(rejection("TOKEN_INVALID"));
  counts.count({ ...rejection("TOKEN_INVALID"), rpc: "s/Explain" });
  counts.count(rejection("OVERLOADED", true));
  counts.count(rejection(undefined));
  await vi.waitFor(() => expect(events).toHaveLength(3), { timeout: 10_000 });
  expect(events).toMatchObject([
    {
      kind: "calls.refused",
      actor: "unauthenticated",
      payload: {
        ...{ reason: "TOKEN_INVALID", calls: 1_001, first_at: "1970-01-01T00:00:01.000Z" },
        rpcs: { "s/Predict": 1_000, "s/Explain": 1 },
      },
    },
    { actor: "several", payload: { reason: "OVERLOADED", calls: 1 } },
    { actor: "unauthenticated", payload: { reason: "UNAUTHENTICATED", calls: 1 } },
  ]);
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(3);
  counts.count(rejection("TOKEN_INVALID"));
  await vi.waitFor(() => expect(events).toHaveLength(4), { timeout: 10_000 });
});

test("the number of events is bounded, however many reasons there are", () => {
  const { counts, events } = counting();
  for (let i = 0; i < 1_000; i++) counts.count(rejection(`REASON_${i}`));
  counts.flush();
  expect(events).toHaveLength(33);
  expect(events.at(-1)?.payload).toMatchObject({ reason: "OTHER", calls: 968 });
  counts.flush();
  expect(events).toHaveLength(33);
});
