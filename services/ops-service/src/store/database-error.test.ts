import { expect, test } from "vitest";
import { DatabaseFullError, DatabaseUnavailableError } from "../domain/ops-error.ts";
import { translateDatabaseError } from "./database-error.ts";

const failed = (code: string, message: string): Error =>
  new Error("Failed query: insert", { cause: Object.assign(new Error(message), { code }) });

test("a full disk under the database has an error of its own, whose message is true", () => {
  const reports: [reason: string, isFull: boolean][] = [];
  const full = failed("53100", 'could not extend file "base/1/2": No space left on device');
  const error = translateDatabaseError(full, (...report) => reports.push(report));
  expect(error).toBeInstanceOf(DatabaseFullError);
  expect(String(error)).toContain("the disk of the database is full: nothing can be written until space is free");
  expect(reports).toEqual([['could not extend file "base/1/2": No space left on device', true]]);
});

test.each(["53200", "53300", "57P01"])("%s may pass: the call can be tried again", (code) => {
  expect(translateDatabaseError(failed(code, "m"), () => {})).toBeInstanceOf(DatabaseUnavailableError);
});
