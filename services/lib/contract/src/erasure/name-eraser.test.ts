import { describe, expect, test } from "vitest";
import { createNameEraser, ERASED } from "./name-eraser.ts";
import { isOrdinary } from "./ordinary-words.ts";

const eraserOf = (name: string) => {
  const eraser = createNameEraser(name);
  if (!eraser) throw new Error(`${name} is too short`);
  return eraser;
};

describe("a name in a text", () => {
  test.each([
    ["Anna Meier KG", "call Anna Meier KG, then ANNA  MEIER\u00a0kg.", `call ${ERASED}, then ${ERASED}.`],
    ["Müller & Co.", "wie MÜLLER & CO. sagt", `wie ${ERASED} sagt`],
    ["(A+B) [x]*", "of (a+b) [X]*!", `of ${ERASED}!`],
    ["東京製鋼", "売主東京製鋼です", `売主${ERASED}です`],
    ["3M Co", "3M Co", ERASED],
  ])("%s is replaced in %j", (name, text, erased) => {
    expect(eraserOf(name).erase(text)).toBe(erased);
  });

  test.each([
    ["Steel", "Steelworks and Edelsteel, steel2"],
    ["a.b.c", "axbxc"],
    ["Müller", "Mueller"],
    ["Sign", "SIGN_IN_STATE and in_sign"],
  ])("%s is not found in %j", (name, text) => {
    expect(eraserOf(name).erase(text)).toBe(text);
  });

  test.each(["", "  ", "HP", "A.B", "--"])("%j is not searched", (name) => {
    expect(createNameEraser(name)).toBeUndefined();
  });

  test("is found in time that grows with the text only", () => {
    const text = "Anna ".repeat(200_000);
    expect(eraserOf("Anna Anna Meier").erase(text)).toBe(text);
  });
});

test("the patterns for the database have no special character of the name", () => {
  expect(eraserOf("100% 'a_b'\\x").likePatterns).toEqual(["%100%a%b%x%"]);
  expect(eraserOf("Üß Öl").likePatterns).toEqual(["%__%_l%", "%\\\\u____\\\\u____%\\\\u____l%"]);
  expect(eraserOf("東京 KG").likePatterns[0]).toBe("%東京%KG%");
});

test.each([
  ["Birch Logistics 7 is late, Birch says", `Birch Logistics 7 is late, ${ERASED} says`],
  ["GREAT  BIRCH and birch logistics 7", "GREAT  BIRCH and birch logistics 7"],
  ["Birch Logistics 77", `${ERASED} Logistics 77`],
])("longer names of others stay in %j", (text, erased) => {
  expect(createNameEraser("Birch", ["Great Birch", "Birch Log", "Birch Logistics 7"])?.erase(text)).toBe(erased);
});

test.each([
  [" ANNA  MEIER ", true],
  ["Anna Meier GmbH", false],
  ["", false],
])("whether %j is the name and nothing else: %s", (text, isName) => {
  expect(eraserOf("Anna Meier").isName(text)).toBe(isName);
});

test.each(["Open", "the", "The Supplier", "high score", "IN-MITIGATION", "Passed"])(
  "%j has ordinary words only",
  (name) => {
    expect(isOrdinary(name)).toBe(true);
  },
);

test.each(["Birch", "Open Steel", "3M Co", "Quendel & Söhne", "", "--", "supplier7"])("%j has another word", (name) => {
  expect(isOrdinary(name)).toBe(false);
});
