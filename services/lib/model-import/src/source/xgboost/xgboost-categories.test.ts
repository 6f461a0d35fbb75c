import { expect, test } from "vitest";
import { jsonFields } from "../text/json-fields.ts";
import { readXgboostCategories } from "./xgboost-categories.ts";

const BYTES_34 = [3, 4, 1];
const PANDAS_32 = [3, 2, 0];
const GERMAN = ["Chemie", "Elektronik", "Gehäuse", "Logistik", "Stahl"];
const WIDE = ["", "a", "é", "€", "日本", "😀", "a\u0000b", "\ufefftext", "ÿ"];

const sums = (lengths: readonly number[]): number[] => {
  let sum = 0;
  return [0, ...lengths.map((length) => (sum += length))];
};

/** Returns a column as XGBoost 3.4 and later write it. */
function byteColumn(texts: readonly string[]) {
  const parts = texts.map((text) => new TextEncoder().encode(text));
  return {
    offsets: sums(parts.map((part) => part.length)),
    values: parts.flatMap((part) => [...Int8Array.from(part)]),
  };
}

/** Returns a column as XGBoost 3.1 to 3.3 write it of pandas: everything is counted in characters. */
function characterColumn(texts: readonly string[]) {
  const offsets = sums(texts.map((text) => [...text].length));
  const { values } = byteColumn(texts);
  return { offsets, values: values.slice(0, offsets.at(-1)) };
}

const read = (column: object, version: readonly number[]) =>
  readXgboostCategories(jsonFields({ cats: { enc: [column] } }, ""), ["group"], version);

test.each([
  ["umlauts", GERMAN],
  ["no bytes, 1 to 4 bytes, a NUL and a byte order mark", WIDE],
])("reads texts of %s by their bytes", (_, texts) => {
  const { codes, notes } = read(byteColumn(texts), BYTES_34);
  expect(codes[0]).toEqual({ values: texts.map((_, code) => code), labels: texts, other: null });
  expect(notes).toEqual([expect.stringMatching(/^column group: category texts .* only if XGBoost 3\.4 or later/)]);
});

test.each([[[3, 1, 0]], [PANDAS_32], [[3, 3, 9]], [[]]])(
  "rejects texts that are not ASCII of version %j, whose offsets may count characters",
  (version) => {
    for (const column of [byteColumn(GERMAN), characterColumn(GERMAN), characterColumn(WIDE)]) {
      expect(() => read(column, version)).toThrow(/^column group: .*XGBoost before 3\.4 .*train the model again with/);
    }
  },
);

test.each([[PANDAS_32], [BYTES_34], [[]]])("reads ASCII texts of version %j without a note", (version) => {
  const { codes, notes } = read(characterColumn(["DE", "", "FR"]), version);
  expect(codes[0]?.labels).toEqual(["DE", "", "FR"]);
  expect(notes).toEqual([]);
});

test("rejects a text that is cut within a character, with the cause, also when a later version saved it", () => {
  expect(() => read(characterColumn(WIDE), BYTES_34)).toThrow(/does not hold UTF-8 texts; XGBoost before 3\.4/);
});

test("rejects offsets that leave bytes out, and a category that a column has twice", () => {
  expect(() => read({ offsets: [0, 1], values: [68, 69] }, BYTES_34)).toThrow(/leave some out/);
  expect(() => read({ offsets: [1, 2], values: [68, 69] }, BYTES_34)).toThrow(/leave some out/);
  expect(() => read(byteColumn(["DE", "FR", "DE"]), BYTES_34)).toThrow(/column group has the category "DE" twice/);
});
