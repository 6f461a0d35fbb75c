import type { Alias } from "@bellwether/registry/aliases/alias-file";
import { expect, test } from "vitest";
import { aliasEvents } from "./alias-event.ts";

const move = (over: Partial<Alias> = {}): Alias => ({
  name: "champion",
  version: "v1",
  setAt: "2026-01-06T00:00:00.000Z",
  setBy: "ada",
  reason: "better",
  ...over,
});

test("the event of a move has the actor, the reason, the time and the previous version", () => {
  const moves = [move(), move({ name: "challenger", version: "v2" }), move({ version: "v2" })];
  expect(aliasEvents("supplier-risk", moves)[2]).toEqual({
    eventId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    kind: "model.alias_set",
    actor: "ada",
    subject: "model/supplier-risk",
    occurredAtMs: Date.UTC(2026, 0, 6),
    payload: { model: "supplier-risk", alias: "champion", version: "v2", previous_version: "v1", reason: "better" },
  });
});

test("a move keeps its id when older moves are dropped, and no two moves share an id", () => {
  const moves = [move(), move({ version: "v2" }), move({ version: "v2", name: "challenger" }), move({ reason: "no" })];
  const ids = aliasEvents("a", moves).map(({ eventId }) => eventId);
  expect(aliasEvents("a", moves.slice(1)).map(({ eventId }) => eventId)).toEqual(ids.slice(1));
  expect(new Set([...ids, ...aliasEvents("b", moves).map(({ eventId }) => eventId)]).size).toBe(8);
});

test("values that the command line wrote are cut to the limits of the audit log", () => {
  const [event] = aliasEvents("a", [move({ setBy: "\0", reason: "x".repeat(100_000), setAt: "soon" })]);
  expect(event).toMatchObject({ actor: "unknown", occurredAtMs: 0 });
  expect(event?.payload.reason).toHaveLength(1_000);
  expect(aliasEvents("a", [move({ setBy: "é".repeat(300) })])[0]?.actor).toHaveLength(64);
});
