import { expect, test } from "vitest";
import { lastSequences, missingEvents, placesOf } from "./missing-events.ts";

const A = "0190b6c0-1111-7aaa-8bbb-222233334444";
const B = "0190b6c0-2222-7aaa-8bbb-222233334444";
const payload = (producer: unknown, sequence: unknown) => ({ payload: JSON.stringify({ producer, sequence }) });

test("only a whole number from 1 and a UUID are a place", () => {
  const events = [
    ...[payload(A, 1), payload(A.toUpperCase(), 2), payload("a", 3), payload(A, 0), payload(A, 1.5), payload(A, "4")],
    ...[payload(A, null), payload(A, 2 ** 53), { payload: "" }, { payload: '{"inner":{"producer":1}}' }],
  ];
  expect(placesOf(events)).toEqual([
    { producer: A, sequence: 1 },
    { producer: A, sequence: 2 },
  ]);
});

test("a gap is an event with its range; late and repeated events are none", () => {
  const places = [1, 2, 5, 3, 6, 6].map((sequence) => ({ producer: A, sequence }));
  const gaps = missingEvents(places, new Map());
  expect(gaps.map((gap) => JSON.parse(gap.payload))).toEqual([
    { producer: A, first_sequence: 3, last_sequence: 4, events: 2 },
  ]);
  expect(gaps[0]).toMatchObject({ kind: "events.missing", actor: "ops-service", subject: `producer/${A}` });
  expect(lastSequences(places, new Map())).toEqual(new Map([[A, 6]]));
});

test("a producer whose first events are missing has a gap, and producers do not disturb each other", () => {
  const places = [
    { producer: A, sequence: 12 },
    { producer: B, sequence: 3 },
    { producer: A, sequence: 13 },
  ];
  const gaps = missingEvents(places, new Map([[A, 11]])).map((gap) => JSON.parse(gap.payload));
  expect(gaps).toEqual([{ producer: B, first_sequence: 1, last_sequence: 2, events: 2 }]);
  expect(lastSequences(places, new Map([[A, 20]]))).toEqual(
    new Map([
      [A, 20],
      [B, 3],
    ]),
  );
});
