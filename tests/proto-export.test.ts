import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MessageOptionsSchema,
  OneofOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { exportedFiles } from "../scripts/proto-export/exported-files.ts";
import { stripValidation } from "../scripts/proto-export/strip-validation.ts";
import { writeFiles } from "../scripts/proto-export/write-files.ts";

const ROOT = path.resolve(import.meta.dirname, "..");
const SCRIPT = path.join(ROOT, "scripts/export-proto.ts");
/** Number of the options that protovalidate defines for messages, fields and oneofs. */
const VALIDATION = 1159;

// buf and the script are processes of their own, which a busy machine starts slowly.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder = "";
let files: ReadonlyMap<string, string> = new Map();
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "bellwether-proto-export-"));
  files = await exportedFiles();
  writeFiles(path.join(folder, "proto"), files);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Compiles a folder of proto files. */
function compile(protos: string): readonly FileDescriptorProto[] {
  const image = path.join(folder, "image.binpb");
  const buf = path.join(ROOT, "node_modules/.bin/buf");
  execFileSync(buf, ["build", protos, "--exclude-source-info", "-o", image], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return fromBinary(FileDescriptorSetSchema, readFileSync(image)).file;
}

/** Removes the options of protovalidate from the options of a field, a oneof or a message. */
function withoutValidation<T extends Message>(options: T | undefined, schema: GenMessage<T>): T | undefined {
  if (options === undefined) return undefined;
  options.$unknown = options.$unknown?.filter(({ no }) => no !== VALIDATION) ?? [];
  return toBinary(schema, options).length === 0 ? undefined : options;
}

function dropFromMessage(message: DescriptorProto): void {
  const set = <T extends { options?: unknown }>(described: T, options: T["options"]): void => {
    if (options === undefined) delete described.options;
  };
  set(message, withoutValidation(message.options, MessageOptionsSchema));
  for (const field of message.field) set(field, withoutValidation(field.options, FieldOptionsSchema));
  for (const oneof of message.oneofDecl) set(oneof, withoutValidation(oneof.options, OneofOptionsSchema));
  for (const nested of message.nestedType) dropFromMessage(nested);
}

test("the exported contract differs from the contract only by the options of protovalidate", () => {
  const exported = new Map(compile(path.join(folder, "proto")).map((file) => [file.name, file]));
  const original = compile(path.join(ROOT, "proto")).filter(({ name }) => files.has(name));
  expect(original.length).toBe(files.size - 1);
  for (const file of original) {
    file.dependency = file.dependency.filter((name) => !name.startsWith("buf/"));
    for (const message of file.messageType) dropFromMessage(message);
    const found = exported.get(file.name);
    expect(found?.messageType.map((message) => toBinary(DescriptorProtoSchema, message))).toEqual(
      file.messageType.map((message) => toBinary(DescriptorProtoSchema, message)),
    );
    // buf adds what it knows about a file as unknown fields.
    for (const one of [file, found]) delete one?.$unknown;
    expect(found && toBinary(FileDescriptorProtoSchema, found)).toEqual(toBinary(FileDescriptorProtoSchema, file));
  }
});

test("the exported files name no file of protovalidate and no service of the tests", () => {
  expect([...files.keys()].filter((name) => /^(buf|bellwether\/echo)\//.test(name))).toEqual([]);
  expect([...files.values()].filter((text) => text.includes("buf.validate") || text.includes("buf/validate"))).toEqual(
    [],
  );
});

describe("options of a field", () => {
  test.each([
    ["string a = 1 [(buf.validate.field).required = true];", "string a = 1;"],
    [
      "string a = 1 [\n  (buf.validate.field).string = {in: ['a]', \"b;\"] /* ] */},\n  deprecated = true\n];",
      "string a = 1 [deprecated = true];",
    ],
    ['string a = 1 [deprecated = true, (buf.validate.field).cel = {id: "x"}];', "string a = 1 [deprecated = true];"],
    [
      'string a = 1 [json_name = "[x]"]; // [(buf.validate.field)',
      'string a = 1 [json_name = "[x]"]; // [(buf.validate.field)',
    ],
    ["oneof x {\n  option (buf.validate.oneof).required = true;\n  // A.\n}", "oneof x {\n  // A.\n}"],
    ['message M {\n  option (buf.validate.message).cel = {\n    id: ";"\n  };\n}', "message M {\n}"],
  ])("%j", (source, expected) => {
    expect(stripValidation(source)).toBe(expected);
  });
});

test("the archive has the same files, and is the same each time", () => {
  const archive = path.join(folder, "contract.tar.gz");
  const bytes = [0, 1].map(() => {
    execFileSync(process.execPath, [SCRIPT, "--output", archive]);
    return readFileSync(archive);
  });
  expect(bytes[0]).toEqual(bytes[1]);
  expect(execFileSync("tar", ["-tzf", archive], { encoding: "utf8" }).trim().split("\n")).toEqual([...files.keys()]);
  const name = "bellwether/inference/v1/score.proto";
  expect(execFileSync("tar", ["-xzOf", archive, name], { encoding: "utf8" })).toBe(files.get(name));
});

test("an export replaces the proto files of an earlier one, and nothing else", () => {
  const output = path.join(folder, "again");
  writeFiles(
    output,
    new Map([
      ["bellwether/old/v1/old.proto", ""],
      ["bellwether/client.py", ""],
    ]),
  );
  execFileSync(process.execPath, [SCRIPT, "--output", output]);
  expect(existsSync(path.join(output, "bellwether/old/v1/old.proto"))).toBe(false);
  expect(existsSync(path.join(output, "bellwether/client.py"))).toBe(true);
});

test("the contract itself is never replaced", () => {
  const ended = spawnSync(process.execPath, [SCRIPT, "--output", "proto"], { cwd: ROOT, encoding: "utf8" });
  expect(ended).toMatchObject({ status: 2, stderr: "proto has the contract itself; choose another folder\n" });
});

interface MethodConfig {
  readonly name: readonly [{ readonly service: string; readonly method: string }];
  readonly timeout?: string;
  readonly retryPolicy?: object;
}

test("the service config has the longest deadline of each RPC, and retries of those that are idempotent", () => {
  const { methodConfig }: { readonly methodConfig: readonly MethodConfig[] } = JSON.parse(
    files.get("grpc-service-config.json") ?? "",
  );
  const of = (wanted: string) =>
    methodConfig.find(({ name: [{ service, method }] }) => `${service}/${method}` === wanted);
  expect(of("bellwether.inference.v1.InferenceService/PredictBatch")).toMatchObject({
    timeout: "600s",
    retryPolicy: { maxAttempts: 4, retryableStatusCodes: ["UNAVAILABLE"] },
  });
  expect(of("bellwether.ops.v1.AlertService/WatchAlerts")?.timeout).toBeUndefined();
  const texts = [...files].filter(([name]) => !name.startsWith("google/")).map(([, text]) => text);
  const count = (pattern: RegExp) => texts.reduce((sum, text) => sum + [...text.matchAll(pattern)].length, 0);
  expect(methodConfig).toHaveLength(count(/^ {2}rpc /gm));
  expect(methodConfig.filter(({ retryPolicy }) => retryPolicy)).toHaveLength(count(/option idempotency_level = /g));
});
