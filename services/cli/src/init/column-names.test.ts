import { expect, test } from "vitest";
import { columnNames } from "./column-names.ts";

test("German letters are written as in German, also decomposed ones; other accents are removed", () => {
  const headers = ["Lieferverzögerung", "Länder", "Straße", "Überfällig", "Verspa\u0308tung", "Société"];
  expect(columnNames(headers)).toEqual([
    ...["lieferverzoegerung", "laender", "strasse", "ueberfaellig", "verspaetung", "societe"],
  ]);
});
