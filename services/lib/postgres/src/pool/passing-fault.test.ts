import { expect, test } from "vitest";
import { passingFault, timeoutFault } from "./passing-fault.ts";

const failed = (code: string): Error => Object.assign(new Error("failed"), { code });

test.each(["ECONNREFUSED", "ECONNRESET", "08006", "57P01", "57P03", "40P01", "25P03", "25006", "53100"])(
  "%s is gone at the next attempt, also below what wraps it",
  (code) => {
    const fault = failed(code);
    expect(passingFault(fault)).toBe(fault);
    expect(passingFault(new Error("query failed", { cause: fault }))).toBe(fault);
  },
);

test.each(["23505", "42P01", "22P02", "57014", "ENOENT", "COPY_IN_PROGRESS"])("%s is not", (code) => {
  expect(passingFault(failed(code))).toBeUndefined();
});

test("a statement that took too long is told from others, also below what wraps it", () => {
  const fault = failed("57014");
  expect(timeoutFault(new Error("query failed", { cause: fault }))).toBe(fault);
  for (const other of [failed("57P01"), new Error("x"), "57014"]) expect(timeoutFault(other)).toBeUndefined();
});

test("what is no error, has no code or is its own cause is not", () => {
  const own: Error = new Error("own");
  own.cause = own;
  for (const error of [undefined, "ECONNREFUSED", { code: "ECONNREFUSED" }, new Error("x"), own])
    expect(passingFault(error)).toBeUndefined();
});
