import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { codeName } from "@bellwether/mesh/errors/code-name";
import { reasonFromName } from "@bellwether/mesh/errors/error-table";
import { ML_ERRORS } from "@bellwether/ml-service/rpc/error-codes";
import { OPS_ERRORS } from "@bellwether/ops-service/rpc/error-codes";
import { SCHEDULER_ERRORS } from "@bellwether/scheduler-service/rpc/error-codes";
import type { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");

/** "CODE REASON" of every row of docs/error-codes.md. */
const documented = [...read("docs/error-codes.md").matchAll(/^\| ([A-Z_]+) \| ([A-Z_, ]+) \|/gm)].flatMap(
  ([, code, reasons = ""]) => reasons.split(", ").map((reason) => `${code} ${reason}`),
);

/** Reasons of InvalidSupplierError, whose reason is that of its first violation. */
const featureReasons = [...read("services/lib/risk-model/src/features/vector.ts").matchAll(/"(FEATURE_[A-Z_]+)"/g)].map(
  ([, reason = ""]) => reason,
);

const inTables = [ML_ERRORS, OPS_ERRORS, SCHEDULER_ERRORS].flatMap((table) =>
  Object.entries<Code>(table).flatMap(([name, code]) =>
    (name === "InvalidSupplierError" ? featureReasons : [reasonFromName(name)]).map(
      (reason) => `${codeName({ code })} ${reason}`,
    ),
  ),
);

/** Reasons of the errors that the mesh itself answers with. */
const ofTheMesh = globSync("services/lib/mesh/src/**/*.ts", { cwd: ROOT, exclude: ["**/*.test.ts"] }).flatMap((file) =>
  [
    ...read(file).matchAll(/(?:(?:rpcError\(|: \[)\s*Code\.\w+,\s*|unauthenticated\(|new TokenError\()"([A-Z_]+)"/g),
  ].map(([, reason = ""]) => reason),
);

test("docs/error-codes.md has the code and reason of every error of every service", () => {
  expect(featureReasons.length).toBeGreaterThan(3);
  expect(inTables.filter((error) => !documented.includes(error))).toEqual([]);
});

test("docs/error-codes.md has every reason of the mesh", () => {
  const reasons = documented.map((error) => error.split(" ")[1]);
  expect(ofTheMesh.length).toBeGreaterThan(10);
  expect(ofTheMesh.filter((reason) => !reasons.includes(reason))).toEqual([]);
});

test("docs/error-codes.md has no error that no service answers with", () => {
  expect(documented.length).toBeGreaterThan(40);
  const unknown = documented.filter(
    (error) => !inTables.includes(error) && !ofTheMesh.includes(error.split(" ")[1] ?? ""),
  );
  expect(unknown).toEqual([]);
});
