import fc from "fast-check";
import { expect, test } from "vitest";
import type { AuditPayload, SequencedEvent } from "../domain/audit-event.ts";
import { joinObjects } from "../domain/join-objects.ts";
import { eventFromLine, lineFromEvent } from "./event-line.ts";

const event: SequencedEvent = {
  ...{ eventId: "e", kind: "prediction.served", actor: "a", subject: "S", occurredAtMs: 1_000, payload: {} },
  ...{ producer: "p", sequence: 7 },
};
/** Texts with what separates the parts of a line, and any others. */
const text = fc.oneof(
  fc.constantFrom(',"payload":', ',"producer":"x"', '"', "\\", '\\"', "\n", "{}", "}", "ä\u2028"),
  fc.string({ unit: "grapheme" }),
);
const name = fc.constantFrom("payload", "producer", "sequence", "a", ',"payload":', '\\",');
const payload: fc.Arbitrary<AuditPayload> = fc.letrec<{ payload: AuditPayload }>((tie) => ({
  payload: fc.dictionary(name, fc.oneof(text, fc.integer(), fc.constant(null), tie("payload"))),
})).payload;

test("a line gives the event that it was made of, and the text of its payload, whatever the texts are", () => {
  fc.assert(
    fc.property(payload, text, text, fc.option(fc.nat()), (payload, actor, subject, sequence) => {
      const { payload: _, ...rest } = { ...event, actor, subject, sequence };
      const line = lineFromEvent({ ...rest, payload });
      expect(eventFromLine(line)).toEqual({ ...rest, payloadJson: JSON.stringify(payload) });
    }),
  );
});

test("a line that was cut at any place is no event", () => {
  const line = lineFromEvent({ ...event, payload: { code: "OK", model: { name: "m" } } });
  for (let end = 0; end < line.length; end++) expect(eventFromLine(line.slice(0, end))).toBeNull();
});

test("a line with a block of NUL bytes is no event", () => {
  const line = lineFromEvent({ ...event, payload: { code: "OK", rpc: "x".repeat(20) } });
  expect(eventFromLine(line)).not.toBeNull();
  expect(eventFromLine(line.replace("x".repeat(20), "\0".repeat(20)))).toBeNull();
});

test("objects are joined as text as they would be as values", () => {
  const objects = [{}, { a: 1 }, { b: "}", c: { d: null } }];
  for (const first of objects)
    for (const second of [{}, { e: '{"' }])
      expect(joinObjects(JSON.stringify(first), JSON.stringify(second))).toBe(JSON.stringify({ ...first, ...second }));
});
