import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { type DescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Plugin } from "vite";

/** The descriptor of a file in generated code: `fileDesc("BASE64", [dependencies])`. */
const DESCRIPTOR = /fileDesc\("([A-Za-z0-9+/=]+)"/;

/**
 * Removes the rules of protovalidate and the options of other languages from the descriptors of generated code: only the
 * server validates. Options of methods stay: the page reads the role that a call needs. The descriptors are written as
 * plain characters instead of base64.
 */
export function stripRules(): Plugin {
  return {
    name: "strip-rules",
    transform(code, id) {
      if (!id.endsWith("_pb.ts")) return null;
      return code.replace(DESCRIPTOR, (_, encoded: string) => {
        const file = fromBinary(FileDescriptorProtoSchema, base64Decode(encoded));
        // Names of packages in other languages.
        delete file.options;
        for (const message of file.messageType) stripMessage(message);
        // Plain characters compress better than base64, whose groups of three bytes hide repeated names.
        const plain = String.fromCharCode(...toBinary(FileDescriptorProtoSchema, file));
        return `fileDesc(/*@__PURE__*/btoa(${JSON.stringify(plain)})`;
      });
    },
  };
}

function stripMessage(message: DescriptorProto): void {
  // Extensions are unknown fields of the options.
  for (const field of message.field) if (field.options) field.options.$unknown = [];
  for (const { options } of [message, ...message.oneofDecl]) if (options) options.$unknown = [];
  for (const nested of message.nestedType) stripMessage(nested);
}
