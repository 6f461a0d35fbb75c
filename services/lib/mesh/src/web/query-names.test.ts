import { expect, test } from "vitest";
import { checkQueryNames } from "./query-names.ts";

const NAMES = Array.from({ length: 30 }, (_, i) => `filter_${String.fromCharCode(122 - (i % 26))}${i}`);

function errorOf(query: string, names: readonly string[] = NAMES): string {
  try {
    checkQueryNames(new URLSearchParams(query), names, ["state"]);
    return "";
  } catch (error) {
    return String(error);
  }
}

test("the error about an unknown parameter lists all parameters in alphabetical order, the one that was meant first", () => {
  const all = [...NAMES, "state"].toSorted().join(", ");
  expect(errorOf("foo=1")).toContain(`foo: unknown query parameter; known: ${all}`);
  expect(errorOf("a_completely_other_name=1")).toContain(`known: ${all}`);
  expect(errorOf("stat=1")).toContain(
    `stat: unknown query parameter; did you mean "state"? known: state, ${NAMES.toSorted().join(", ")}`,
  );
});

test("a list of more than 800 characters is cut after a name", () => {
  const long = Array.from({ length: 100 }, (_, i) => `${"x".repeat(30)}${i}`);
  expect(errorOf("foo=1", long)).toMatch(/: state, x+0, x+1, .*x\d+, …$/);
});
