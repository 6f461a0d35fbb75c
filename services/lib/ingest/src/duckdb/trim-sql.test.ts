import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { sqlText } from "./quote-sql.ts";
import { trimSql } from "./trim-sql.ts";

test.each([
  ["a", "a"],
  ["  a b\t", "a b"],
  ["\u00a0 é\u00a0", "é"],
  ["\t", ""],
  ["", ""],
  ["\na ", "\na"],
  ["a\u0000 ", "a\u0000"],
])("%j without blanks around it is %j, as by trim", async (text, expected) => {
  const connection = await (await DuckDBInstance.create()).connect();
  const blanks = [" ", "\t", "\u00a0"];
  const prepared = await connection.prepare(
    `select ${trimSql("t", blanks)}, trim(t, ${sqlText(blanks.join(""))}), ${trimSql("nothing", blanks)} from (select $1::varchar as t, null::varchar as nothing)`,
  );
  prepared.bindVarchar(1, text);
  expect((await prepared.runAndReadAll()).getRowsJson()).toEqual([[expected, expected, null]]);
  connection.closeSync();
});
