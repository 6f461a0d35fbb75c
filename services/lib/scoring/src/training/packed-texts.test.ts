import { expect, test } from "vitest";
import { packTexts, unpackTexts } from "./packed-texts.ts";

test.each([[[]], [[""]], [["", "a", ""]], [["penalty clause", "Straße 5", "契約", "🙂", "\u0000"]]])(
  "%j is the same after it was packed",
  (texts) => {
    const packed = packTexts(texts);
    expect(packed === null ? null : unpackTexts(packed)).toEqual(texts);
  },
);

test("a text that is not valid Unicode is not packed, because UTF-8 would change it", () => {
  expect(packTexts(["sound", "\ud800"])).toBeNull();
});
