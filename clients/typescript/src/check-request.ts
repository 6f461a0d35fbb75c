import { type DescField, type DescMessage, type MessageInitShape, ScalarType } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";

/**
 * Returns a transport that rejects a request with a value of the wrong type. The code that writes a message converts it:
 * null, "" and a Date become the number of a feature, and half a character becomes another id.
 * @returns a transport whose calls reject with a TypeError that names the field, before anything is sent
 */
export function checkRequests(transport: Transport): Transport {
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      checkMessage(method.input, input);
      return transport.unary(method, signal, timeoutMs, header, input, contextValues);
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      // Fetch sends no stream; the transport rejects methods with one.
      if (method.methodKind !== "server_streaming")
        return transport.stream(method, signal, timeoutMs, header, input, contextValues);
      const messages: MessageInitShape<typeof method.input>[] = [];
      for await (const message of input) {
        checkMessage(method.input, message);
        messages.push(message);
      }
      return transport.stream(method, signal, timeoutMs, header, eachOf(messages), contextValues);
    },
  };
}

async function* eachOf<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items;
}

/** @throws TypeError that names the first field whose value has the wrong type */
function checkMessage(desc: DescMessage, value: unknown, path = ""): void {
  // The types of the protocol itself have forms of their own.
  if (desc.typeName.startsWith("google.protobuf.")) return;
  if (!isObject(value)) throw wrong(path || "the request", "an object", value);
  for (const field of desc.fields) {
    const given = memberOf(value, field);
    if (given !== undefined && given !== null)
      checkField(field, given, path === "" ? field.localName : `${path}.${field.localName}`);
  }
}

function memberOf(message: object, field: DescField): unknown {
  if (field.oneof === undefined) return Reflect.get(message, field.localName);
  const group: unknown = Reflect.get(message, field.oneof.localName);
  return isObject(group) && Reflect.get(group, "case") === field.localName ? Reflect.get(group, "value") : undefined;
}

function checkField(field: DescField, value: unknown, path: string): void {
  if (field.fieldKind === "list") {
    if (!Array.isArray(value)) throw wrong(path, "an array", value);
    // Not entries: a hole is a value, too.
    for (let i = 0; i < value.length; i++) checkOne(field, value[i], `${path}[${i}]`);
  } else if (field.fieldKind === "map") {
    if (!isObject(value)) throw wrong(path, "an object", value);
    for (const [key, item] of Object.entries(value)) {
      if (LONE_SURROGATE.test(key)) throw wrong(path, "names of whole characters", key);
      checkOne(field, item, `${path}.${key}`);
    }
  } else checkOne(field, value, path);
}

/** Checks a value that is not a list or map: that of a field, or one of its items. */
function checkOne(field: DescField, value: unknown, path: string): void {
  if (field.message !== undefined) checkMessage(field.message, value, path);
  else if (field.scalar === undefined) {
    if (!Number.isInteger(value)) throw wrong(path, "a number of the enum", value);
  } else if (!isScalar(field.scalar, value)) throw wrong(path, EXPECTED[field.scalar] ?? "a whole number", value);
}

const EXPECTED: Readonly<Partial<Record<ScalarType, string>>> = {
  [ScalarType.DOUBLE]: "a number",
  [ScalarType.FLOAT]: "a number",
  [ScalarType.BOOL]: "true or false",
  [ScalarType.STRING]: "a text of whole characters",
  [ScalarType.BYTES]: "a Uint8Array",
};

/** Half of a surrogate pair. */
const LONE_SURROGATE = /\p{Surrogate}/u;

function isScalar(type: ScalarType, value: unknown): boolean {
  switch (type) {
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return typeof value === "number";
    case ScalarType.BOOL:
      return typeof value === "boolean";
    case ScalarType.STRING:
      return typeof value === "string" && !LONE_SURROGATE.test(value);
    case ScalarType.BYTES:
      // The class of another realm, as in tests of pages, is another one.
      return value instanceof Uint8Array || Object.prototype.toString.call(value) === "[object Uint8Array]";
    default:
      return typeof value === "bigint" || Number.isSafeInteger(value);
  }
}

/** Whether a value is an object with names, not a list, a Map or a Date. */
function isObject(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Object]";
}

function wrong(path: string, expected: string, value: unknown): TypeError {
  const hint = value === null || value === undefined ? "; leave it out when it is not known" : "";
  return new TypeError(`${path}: expected ${expected}, got ${textOf(value)}${hint}`);
}

const SHOWN = 40;

function textOf(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, SHOWN));
  if (typeof value === "object" && value !== null)
    return Object.prototype.toString.call(value).slice("[object ".length, -1);
  return String(value);
}
