import { expect, test } from "vitest";
import { encodeCloudEvent } from "./cloud-event.ts";

const event = {
  ...{ id: "i", source: "/bellwether/ml-service/p", type: "bellwether.prediction.served", subject: "S-1" },
  ...{ time: "2026-11-29T12:00:00.000Z", sequence: 7, dataJson: '{"a":[1,2]}' },
};

test("an event has the attributes of CloudEvents 1.0, and its data are JSON", () => {
  expect(JSON.parse(encodeCloudEvent(event))).toEqual({
    ...{ specversion: "1.0", id: "i", source: "/bellwether/ml-service/p", type: "bellwether.prediction.served" },
    ...{ subject: "S-1", time: "2026-11-29T12:00:00.000Z", sequence: "00000000000000000007" },
    ...{ datacontenttype: "application/json", data: { a: [1, 2] } },
  });
});

test("sequences are in the order of their texts", () => {
  const sequences = [9, 10, 2 ** 53 - 1].map(
    (sequence) => JSON.parse(encodeCloudEvent({ ...event, sequence })).sequence,
  );
  expect(sequences).toEqual(sequences.toSorted());
});

test("an event without a subject or a sequence leaves the attribute out", () => {
  const keys = Object.keys(JSON.parse(encodeCloudEvent({ ...event, subject: "", sequence: null })));
  expect(keys).not.toContain("subject");
  expect(keys).not.toContain("sequence");
});
