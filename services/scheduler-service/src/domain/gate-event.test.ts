import type { GateEntry } from "@bellwether/registry/aliases/gate-entry";
import { expect, test } from "vitest";
import { gateEvents } from "./gate-event.ts";

const entry = (over: Partial<GateEntry> = {}): GateEntry => ({
  ...{ id: "a".repeat(64), version: "v2", champion: "v1", verdict: "HELD", gatedAt: "2026-01-06T00:00:00.000Z" },
  ...{ gatedBy: "ada", summary: "alerts held: 3 of 9 would close", decision: null, ...over },
});
const approved = { outcome: "approved", at: "2026-01-07T00:00:00.000Z", by: "bo", reason: "fewer alerts" } as const;

test("a result is one event, and its decision another one", () => {
  const [gated, decided, ...rest] = gateEvents("supplier-risk", [entry({ decision: approved })]);
  expect(rest).toEqual([]);
  expect(gated).toMatchObject({
    ...{ kind: "model.gated", actor: "ada", subject: "model/supplier-risk" },
    occurredAtMs: Date.parse("2026-01-06T00:00:00Z"),
    payload: { version: "v2", champion: "v1", verdict: "HELD", reason: "alerts held: 3 of 9 would close" },
  });
  expect(decided).toMatchObject({
    ...{ kind: "model.promotion_approved", actor: "bo" },
    payload: { gate_id: "a".repeat(64), reason: "fewer alerts" },
  });
  expect(gateEvents("m", [entry({ decision: { ...approved, outcome: "rejected" } })])[1]?.kind).toBe(
    "model.promotion_rejected",
  );
});

test("every report of the same result has the same ids, and other results have others", () => {
  const ids = (...entries: GateEntry[]) => gateEvents("m", entries).map(({ eventId }) => eventId);
  expect(ids(entry())).toEqual(ids(entry()));
  expect(ids(entry())[0]).toBe(ids(entry({ decision: approved }))[0]);
  const all = ids(entry({ decision: approved }), entry({ id: "b".repeat(64) }));
  expect(new Set(all).size).toBe(3);
  for (const id of all) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("an actor of NUL characters, or of too many, is one that the audit log accepts", () => {
  expect(gateEvents("m", [entry({ gatedBy: "\0" })])[0]?.actor).toBe("unknown");
  expect(gateEvents("m", [entry({ gatedBy: "x".repeat(300) })])[0]?.actor).toHaveLength(64);
});
