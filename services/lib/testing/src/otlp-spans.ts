import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** One span as a collector receives it. */
export interface ReceivedSpan {
  /** `service.name` of the process that wrote it. */
  readonly service: string;
  readonly name: string;
  readonly kind: "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";
  /** Ids in lower-case hex; `parentId` is empty for a root span. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly durationMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  readonly isError: boolean;
}

const KINDS = ["INTERNAL", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] as const;
const STATUS_ERROR = 2;

/** Values of a protobuf message by field number: bytes, or a number of any wire type. */
type Fields = ReadonlyMap<number, readonly (Uint8Array | bigint)[]>;

/** Reads the spans of an ExportTraceServiceRequest in protobuf (opentelemetry-proto 1.x; the numbers are its field numbers). */
export function spansFromOtlp(body: Uint8Array): ReceivedSpan[] {
  return messages(readFields(body), 1).flatMap((resourceSpans) => {
    const [resource] = messages(resourceSpans, 1);
    const service = String(attributesOf(resource, 1)["service.name"] ?? "");
    return messages(resourceSpans, 2).flatMap((scopeSpans) =>
      messages(scopeSpans, 2).map((span) => spanFrom(service, span)),
    );
  });
}

function spanFrom(service: string, span: Fields): ReceivedSpan {
  const [status] = messages(span, 15);
  return {
    service,
    name: text(span, 5),
    kind: KINDS[Number(integer(span, 6))] ?? "INTERNAL",
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    parentId: hex(span, 4),
    durationMs: Number(integer(span, 8) - integer(span, 7)) / 1e6,
    attributes: attributesOf(span, 9),
    events: messages(span, 11).map((event) => text(event, 2)),
    isError: status !== undefined && Number(integer(status, 3)) === STATUS_ERROR,
  };
}

function attributesOf(message: Fields | undefined, field: number): Record<string, unknown> {
  const pairs = message ? messages(message, field) : [];
  return Object.fromEntries(pairs.map((pair) => [text(pair, 1), anyValue(messages(pair, 2)[0])]));
}

/** Returns an AnyValue as text; for lists, maps and bytes only the name of the type. */
function anyValue(value: Fields | undefined): unknown {
  if (value?.has(1)) return text(value, 1);
  if (value?.has(2)) return integer(value, 2) === 1n;
  if (value?.has(3)) return Number(integer(value, 3));
  if (value?.has(4)) return new Float64Array(new BigInt64Array([integer(value, 4)]).buffer)[0];
  return value?.has(5) ? "[list]" : value?.has(6) ? "[map]" : "[bytes]";
}

function readFields(body: Uint8Array): Fields {
  const fields = new Map<number, (Uint8Array | bigint)[]>();
  const reader = new BinaryReader(body);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const values = fields.get(field) ?? [];
    values.push(readValue(reader, type));
    fields.set(field, values);
  }
  return fields;
}

function readValue(reader: BinaryReader, type: WireType): Uint8Array | bigint {
  if (type === WireType.LengthDelimited) return reader.bytes();
  if (type === WireType.Varint) return BigInt(reader.int64());
  if (type === WireType.Bit64) return BigInt(reader.sfixed64());
  if (type === WireType.Bit32) return BigInt(reader.fixed32());
  throw new Error(`OTLP has no fields of wire type ${type}`);
}

function messages(message: Fields, field: number): Fields[] {
  return bytes(message, field).map(readFields);
}

const bytes = (message: Fields, field: number): Uint8Array[] =>
  (message.get(field) ?? []).filter((value) => value instanceof Uint8Array);
const text = (message: Fields, field: number): string => new TextDecoder().decode(bytes(message, field)[0]);
const hex = (message: Fields, field: number): string => Buffer.from(bytes(message, field)[0] ?? []).toString("hex");

function integer(message: Fields, field: number): bigint {
  const [value] = message.get(field) ?? [];
  return typeof value === "bigint" ? value : 0n;
}
