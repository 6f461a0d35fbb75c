import { clearField, fromBinary, isFieldSet, toBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import {
  type DescriptorProto,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import type { Plugin } from "vite";
import { readUsedContract, type UsedContract } from "./used-contract.ts";

/** The descriptor of a file in generated code: `fileDesc("BASE64", [dependencies])`. */
const DESCRIPTOR = /fileDesc\("([A-Za-z0-9+/=]+)"(?:,\s*\[([\w,\s]*)\])?/;

/** The oneof of a field. */
const ONEOF = FieldDescriptorProtoSchema.field.oneofIndex;

/**
 * Removes from the descriptors of generated code what the page does not need: the rules of protovalidate and all other
 * options. A build also removes the methods that the page does not call, with their messages. The descriptors are
 * written as plain characters instead of base64.
 */
export function stripRules(): Plugin {
  let used: UsedContract | undefined;
  return {
    name: "strip-rules",
    configResolved({ command }) {
      // The development server replaces modules while it runs, so a method may be called that no module called at the
      // start. There, all methods are kept.
      if (command === "build") used = readUsedContract();
    },
    transform(code, id) {
      if (!id.endsWith("_pb.ts")) return null;
      return strippedCode(code, used);
    },
  };
}

/** Returns generated code with a smaller descriptor. When `used` is undefined, all methods and messages are kept. */
export function strippedCode(code: string, used: UsedContract | undefined): string {
  const unneeded: string[] = [];
  const stripped = code.replace(DESCRIPTOR, (_, encoded: string, imported: string | undefined) => {
    const file = fromBinary(FileDescriptorProtoSchema, base64Decode(encoded));
    stripOptions(file);
    used?.prune(file);
    const needed = used?.dependenciesOf(file);
    const isKept = (name: string): boolean => !needed || needed.has(name) || name.startsWith("file_google_protobuf_");
    const all = (imported ?? "").split(",").flatMap((name) => name.trim() || []);
    unneeded.push(...all.filter((name) => !isKept(name)));
    // Plain characters compress better: base64 encodes groups of three bytes, which hides names that are repeated.
    const plain = String.fromCharCode(...toBinary(FileDescriptorProtoSchema, file));
    return `fileDesc(/*@__PURE__*/btoa(${JSON.stringify(plain)}), [${all.filter(isKept).join(", ")}]`;
  });
  return unneeded.reduce(withoutImport, stripped);
}

/** Returns code without the import of one name. */
const withoutImport = (code: string, name: string): string =>
  code.replace(new RegExp(`^import \\{ ${name} \\} from "[^"]+";$`, "m"), "");

/**
 * Removes the reserved numbers and all options: rules of protovalidate, roles, limits, and the names of packages in
 * other languages.
 */
function stripOptions(file: FileDescriptorProto): void {
  delete file.options;
  for (const { method } of file.service) for (const one of method) delete one.options;
  for (const message of file.messageType) stripMessage(message);
}

function stripMessage(message: DescriptorProto): void {
  // The rules are extensions, and extensions are unknown fields of the options.
  for (const field of message.field) {
    if (field.options) field.options.$unknown = [];
    if (field.options && toBinary(FieldOptionsSchema, field.options).length === 0) delete field.options;
  }
  // Removes the oneofs that only mark a field as optional: the field itself has that mark too.
  for (const field of message.field) if (field.proto3Optional) clearField(field, ONEOF);
  const used = message.field.filter((field) => isFieldSet(field, ONEOF)).map(({ oneofIndex }) => oneofIndex);
  message.oneofDecl = message.oneofDecl.slice(0, Math.max(-1, ...used) + 1);
  for (const { options } of [message, ...message.oneofDecl]) if (options) options.$unknown = [];
  message.reservedName = [];
  message.reservedRange = [];
  for (const nested of message.nestedType) stripMessage(nested);
}
