import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ImportSuppliersResponseSchema, OnConflict } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { UsageError } from "../errors/usage-error.ts";
import { importFile } from "./import-master-data.ts";

/** Imports 2,500 rows; the call with the given number, from 1, fails. */
async function importInterrupted(failed: number, code: Code, isDryRun = false) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-import-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "suppliers.csv");
  await writeFile(file, `supplier_id,name\n${Array.from({ length: 2_500 }, (_, i) => `S${i},name ${i}\n`).join("")}`);
  let calls = 0;
  const options = { delimiter: ",", isDryRun, onConflict: OnConflict.UPDATE, emptyClears: false };
  return importFile(
    file,
    options,
    async ({ rows = [] }) => {
      if (++calls === failed) {
        const cause = new ConnectError("x", code);
        throw code === Code.InvalidArgument ? new UsageError("x", { cause }) : new Error("does not answer", { cause });
      }
      return create(ImportSuppliersResponseSchema, { created: rows.length - 1, rejected: 1 });
    },
    () => {},
  ).catch((error: unknown) => error);
}

test("an interrupted import says how many rows are stored, unknown and not sent, and how to continue", async () => {
  expect(await importInterrupted(2, Code.Unavailable)).toMatchObject({
    name: "InterruptedImportError",
    message:
      "does not answer\n999 rows created, 1 row rejected, 1000 rows unknown (stored, or not), 500 rows not sent. Give the same command again to continue: stored rows are then unchanged.",
    details: { results: { created: 999, rejected: 1 }, unknown: 1_000, not_stored: 500 },
  });
  expect(await importInterrupted(1, Code.Unavailable)).toMatchObject({
    message: expect.stringContaining("\nno row is known to be stored, 1000 rows unknown (stored, or not), 1500 rows"),
  });
});

test("a call that is rejected after another one leaves rows that are not stored", async () => {
  expect(await importInterrupted(3, Code.PermissionDenied)).toMatchObject({
    message: expect.stringContaining("\n1998 rows created, 2 rows rejected, 500 rows not stored. Give the same"),
  });
});

test("the error of a call is unchanged when no row can be stored", async () => {
  expect(await importInterrupted(1, Code.InvalidArgument)).toBeInstanceOf(UsageError);
  expect(await importInterrupted(2, Code.Unavailable, true)).toMatchObject({ message: "does not answer" });
});
