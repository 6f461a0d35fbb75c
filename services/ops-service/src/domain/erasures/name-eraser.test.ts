import { describe, expect, test } from "vitest";
import { createNameEraser, ERASED, eraseInJson } from "./name-eraser.ts";

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

test("texts of JSON lose the name, its keys and numbers stay", () => {
  const eraser = eraserOf("score");
  const value = { score: 1, list: [{ why: "the Score GmbH" }, null, true], other: ["x"] };
  expect(eraseInJson(value, eraser)).toEqual({ ...value, list: [{ why: `the ${ERASED} GmbH` }, null, true] });
  const without = { score: 1, list: ["scores"] };
  expect(eraseInJson(without, eraser)).toBe(without);
});
