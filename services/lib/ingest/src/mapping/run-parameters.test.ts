import { expect, test } from "vitest";
import { withParameters } from "./run-parameters.ts";

const RUN = { week: "2012-W20", asOf: "2012-05-20" };

test("$as_of becomes a date and $week a text, also more than once", () => {
  expect(withParameters("select * from t where d <= $as_of and w = $week or d = $as_of-1", RUN)).toBe(
    "select * from t where d <= cast('2012-05-20' as date) and w = cast('2012-W20' as varchar) or d = cast('2012-05-20' as date)-1",
  );
});

test("in training both are null, with their type", () => {
  expect(withParameters("coalesce($as_of, d), $week", null)).toBe(
    "coalesce(cast(null as date), d), cast(null as varchar)",
  );
});

test.each([
  "select '$as_of', \"$week\", 'it''s $as_of'",
  "select 1 -- $as_of\n",
  "select /* $week */ 1",
  "select e'it\\'s $as_of'",
  "select $$ $as_of $$, $tag$ $week $tag$, $as_of$ x $as_of$",
  "select $as_of_day, $weekly, $1, $other",
])("%s is unchanged", (sql) => {
  expect(withParameters(sql, RUN)).toBe(sql);
});

test("a parameter after a text in quotes is filled in", () => {
  expect(withParameters("'a''b' || $week || \"c\"", RUN)).toBe("'a''b' || cast('2012-W20' as varchar) || \"c\"");
});
