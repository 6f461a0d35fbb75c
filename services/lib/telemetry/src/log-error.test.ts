import { expect, test } from "vitest";
import { errorForLog } from "./log-error.ts";

/** Returns an error as a database driver throws it, with the properties that the driver adds. */
const withFields = (name: string, message: string, fields: object) =>
  Object.assign(new Error(message), { name, ...fields });

test("logs type, message, code and frames", () => {
  const logged = errorForLog(withFields("StorageError", "no answer", { code: "ECONNREFUSED" }));
  expect(logged).toMatchObject({ type: "StorageError", message: "no answer", code: "ECONNREFUSED" });
  expect(logged.stack).toMatch(/^ {4}at /);
  expect(logged.stack).not.toContain("no answer");
});

test("logs a failed query without its parameters", () => {
  const query = "insert into bellwether.supplier values ($1)";
  const params = ["Secret Ltd"];
  const cause = withFields("PostgresError", 'duplicate key value violates unique constraint "supplier_key"', {
    code: "23505",
    detail: "Key (name)=(Secret Ltd) already exists.",
    parameters: params,
  });
  const error = withFields("Error", `Failed query: ${query}\nparams: ${params}`, { query, params, cause });
  const logged = errorForLog(error);
  expect(logged.message).toBe(`Failed query: ${query}`);
  expect(logged.cause).toMatchObject({ code: "23505", message: expect.stringContaining("supplier_key") });
  expect(JSON.stringify(logged)).not.toContain("Secret");
});

test("cuts a message before the invalid value that it quotes", () => {
  const where = "COPY supplier, line 1, column id: Secret Ltd";
  const fields = { code: "22P02", where };
  const logged = errorForLog(
    withFields("PostgresError", 'invalid input syntax for type integer: "Secret\n"Ltd"', fields),
  );
  expect(logged.message).toBe("invalid input syntax for type integer: …");
  expect(JSON.stringify(logged)).not.toContain("Ltd");
});

test("logs at most four causes and 500 characters of a message, and hides a thrown value that is not an Error", () => {
  const chain = Array.from({ length: 9 }).reduce<Error | undefined>(
    (cause) => new Error("x".repeat(501), { cause }),
    undefined,
  );
  let depth = 0;
  for (let error = errorForLog(chain); error.cause; error = error.cause) depth++;
  expect(depth).toBe(4);
  expect(errorForLog(chain).message).toHaveLength(500);
  expect(errorForLog("Secret")).toEqual({ type: "string", message: "the thrown value is not an Error" });
});
