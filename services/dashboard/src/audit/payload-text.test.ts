import { expect, test } from "vitest";
import { payloadText } from "./payload-text.ts";

test("details have one value a line", () => {
  expect(payloadText('{"reason":"late","weeks":[1]}')).toBe('{\n  "reason": "late",\n  "weeks": [\n    1\n  ]\n}');
});

test("a text that is not JSON stays as it is, and characters that change its direction are visible", () => {
  expect(payloadText("{cut off")).toBe("{cut off");
  expect(payloadText("")).toBe("");
  expect(payloadText('{"a":"x\u202Ey"}')).not.toContain("\u202E");
});
