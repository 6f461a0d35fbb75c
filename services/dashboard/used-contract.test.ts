import { readFileSync } from "node:fs";
import path from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { strippedCode } from "./strip-rules.ts";
import { readUsedContract, usedContract, usedNamesIn } from "./used-contract.ts";

const GENERATED = path.resolve(import.meta.dirname, "../../gen/bellwether");
const codeOf = (file: string): string => readFileSync(path.join(GENERATED, file), "utf8");

/** Returns the descriptor in generated code, also in stripped code. */
function descriptorIn(code: string): FileDescriptorProto {
  const [, plain] = /btoa\(("(?:[^"\\]|\\.)*")\)/.exec(code) ?? [];
  const encoded = plain === undefined ? /fileDesc\("([^"]+)"/.exec(code)?.[1] : btoa(String(JSON.parse(plain)));
  return fromBinary(FileDescriptorProtoSchema, base64Decode(encoded ?? ""));
}

describe("the names of the contract in the sources", () => {
  test("are found in each form of a call", () => {
    const { methods, messages } = usedNamesIn([
      "useQuery(AlertService.method.listAlerts, {})",
      "const {\n  approveRun,\n  voidRun: end,\n} = BatchService.method;\nconst { listRuns } = BatchService.method;",
      "create(AlertSchema, {})",
    ]);
    expect([...methods].sort()).toEqual([
      "AlertService.listAlerts",
      "BatchService.approveRun",
      "BatchService.listRuns",
      "BatchService.voidRun",
    ]);
    expect([...messages]).toEqual(["Alert"]);
  });

  test("in a form that would be missed, the build fails", () => {
    expect(() => usedNamesIn(["const all = AlertService.method;"])).toThrow("write SERVICE.method.NAME");
    expect(() => usedNamesIn(["createClient(AlertService, transport)"])).toThrow("instead of createClient");
  });
});

describe("a stripped descriptor", () => {
  const contract = ["ops/v1/audit_pb.ts", "ops/v1/audit_service_pb.ts"].map((file) => descriptorIn(codeOf(file)));
  const used = usedContract(contract, { methods: new Set(["AuditService.queryEvents"]), messages: new Set() });
  const code = strippedCode(codeOf("ops/v1/audit_service_pb.ts"), used);
  const file = descriptorIn(code);
  const original = descriptorIn(codeOf("ops/v1/audit_service_pb.ts"));

  test("has the methods that are called, without options", () => {
    expect(file.service.map(({ method }) => method.map(({ name }) => name))).toEqual([["QueryEvents"]]);
    expect(file.service[0]?.method[0]?.options).toBeUndefined();
  });

  test("has all fields of the messages of these methods, and none of the others, in the same places", () => {
    expect(file.messageType.map(({ name }) => name)).toEqual(original.messageType.map(({ name }) => name));
    const fieldsOf = (where: FileDescriptorProto, wanted: string) =>
      where.messageType.find(({ name }) => name === wanted)?.field.map(({ name, number }) => `${name} ${number}`);
    expect(fieldsOf(file, "QueryEventsRequest")).toEqual(fieldsOf(original, "QueryEventsRequest"));
    expect(fieldsOf(file, "QueryEventsResponse")).toEqual(fieldsOf(original, "QueryEventsResponse"));
    expect(fieldsOf(file, "VerifyChainResponse")).toEqual([]);
  });

  test("names only the files that it needs", () => {
    expect(/btoa\("(?:[^"\\]|\\.)*"\), \[([^\]]*)\]/.exec(code)?.[1]).toBe(
      "file_bellwether_ops_v1_audit, file_google_protobuf_timestamp",
    );
    expect(code).not.toContain("file_bellwether_policy_v1_role");
    expect(code).not.toContain("file_buf_validate_validate");
  });

  test("keeps a message of another file that a kept message has", () => {
    const other = descriptorIn(strippedCode(codeOf("ops/v1/audit_pb.ts"), used));
    expect(other.messageType.map(({ field }) => field.length > 0)).toEqual([true, true, false]);
  });

  test("keeps a message that is created without a method", () => {
    const created = usedContract(contract, { methods: new Set(), messages: new Set(["AuditEvent"]) });
    const other = descriptorIn(strippedCode(codeOf("ops/v1/audit_pb.ts"), created));
    expect(other.messageType.map(({ name, field }) => [name, field.length > 0])).toEqual([
      ["AuditEvent", true],
      ["AuditRecord", false],
      ["AuditCheckpoint", false],
    ]);
  });
});

test("the page keeps what it calls, and loses what only other services call", () => {
  const batch = descriptorIn(strippedCode(codeOf("ops/v1/batch_service_pb.ts"), readUsedContract()));
  const methods = batch.service.flatMap(({ method }) => method.map(({ name }) => name));
  expect(methods).toEqual(expect.arrayContaining(["GetRun", "ListRuns", "WatchRun", "ApproveRun", "VoidRun"]));
  expect(methods).not.toContain("SubmitChunk");
  expect(batch.messageType.find(({ name }) => name === "SubmitChunkRequest")?.field).toEqual([]);
});
