import { expect, test } from "vitest";
import { checkContent, type InputContent } from "./check-content.ts";

const content = (week: string, sourceDigest: string, contentDigest: string): InputContent => ({
  ...{ week, sourceDigest, contentDigest },
});
const NOW = content("2026-W47", "a", "x");

test("the same bytes as another week fail, and the same mapped rows in another file", () => {
  expect(checkContent(NOW, [content("2026-W45", "a", "y")], {})).toMatchObject({
    ...{ outcome: "failed", detail: "the file is that of 2026-W45, byte for byte" },
  });
  expect(checkContent(NOW, [content("2026-W46", "b", "x")], {})).toMatchObject({
    ...{ outcome: "failed", detail: "every mapped value is the same as in 2026-W46" },
  });
  expect(checkContent(NOW, [content("2026-W46", "b", "y")], {}).outcome).toBe("passed");
});

test("with a mapping that takes the rows of a date, the same file is no other week's content, the same rows are", () => {
  const outcome = (other: InputContent) => checkContent(NOW, [other], {}, true).outcome;
  expect(outcome(content("2026-W46", "a", "y"))).toBe("passed");
  expect(outcome(content("2026-W46", "a", "x"))).toBe("failed");
  expect(outcome(content("2026-W46", "a", ""))).toBe("failed");
});

test("the week itself and weeks without digests are not the same content", () => {
  expect(checkContent(NOW, [NOW], {}).outcome).toBe("not_possible");
  expect(checkContent(content("2026-W47", "", ""), [content("2026-W46", "", "")], {}).outcome).toBe("passed");
  expect(checkContent(NOW, [], {}).outcome).toBe("not_possible");
  expect(checkContent(NOW, [content("2026-W46", "a", "x")], { disabled: "a test" })).toMatchObject({
    ...{ outcome: "not_possible", detail: "turned off by the risk policy: a test" },
  });
});
