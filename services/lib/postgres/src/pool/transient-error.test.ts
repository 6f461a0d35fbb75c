import { expect, test } from "vitest";
import { timeoutError, transientError } from "./transient-error.ts";

const failed = (code: string): Error => Object.assign(new Error("failed"), { code });

test.each(["ECONNREFUSED", "ECONNRESET", "08006", "57P01", "57P03", "40P01", "25P03", "25006", "53100"])(
  "%s is a transient error, also below errors that wrap it",
  (code) => {
    const error = failed(code);
    expect(transientError(error)).toBe(error);
    expect(transientError(new Error("query failed", { cause: error }))).toBe(error);
  },
);

test.each(["23505", "42P01", "22P02", "57014", "ENOENT", "COPY_IN_PROGRESS"])("%s is not a transient error", (code) => {
  expect(transientError(failed(code))).toBeUndefined();
});

test("a statement that took too long is recognised, also below errors that wrap it", () => {
  const error = failed("57014");
  expect(timeoutError(new Error("query failed", { cause: error }))).toBe(error);
  for (const other of [failed("57P01"), new Error("x"), "57014"]) expect(timeoutError(other)).toBeUndefined();
});

test("a value that is not an error, has no code or is its own cause is not transient", () => {
  const own: Error = new Error("own");
  own.cause = own;
  for (const error of [undefined, "ECONNREFUSED", { code: "ECONNREFUSED" }, new Error("x"), own])
    expect(transientError(error)).toBeUndefined();
});
