import { type IncomingHttpHeaders, sensitiveHeaders } from "node:http2";
import { PROTOCOL_HEADERS } from "../call/protocol-headers.ts";

/** Header fields as a list: name, value, name, value. node:http2 accepts this form. */
export type HeaderFields = readonly string[];

/** Header fields by name. */
export type FieldsByName = Readonly<Record<string, string | readonly string[]>> & {
  /** Names of fields that header compression must not keep. */
  readonly [sensitiveHeaders]?: readonly string[];
};

/**
 * Returns the header fields of a request, without pseudo-headers and without the fields of the protocol. The
 * values of a repeated field are joined by commas.
 */
export function headersOf(request: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(request)) {
    if (name.startsWith(":") || PROTOCOL_HEADERS.has(name) || values === undefined) continue;
    for (const value of Array.isArray(values) ? values : [values]) headers.append(name, value);
  }
  return headers;
}

/**
 * Returns the header fields that a handler has set, without the fields that the protocol writes itself. A
 * field whose name ends in "-bin" contains bytes as base64. gRPC requires base64 without padding, and a header
 * field of its own for each value.
 */
export function fieldsByName(headers: Headers): FieldsByName {
  const fields: Record<string, string | readonly string[]> = {};
  for (const [name, value] of headers) {
    if (PROTOCOL_HEADERS.has(name)) continue;
    if (name === "set-cookie") fields[name] = headers.getSetCookie();
    else fields[name] = name.endsWith("-bin") ? value.split(",").map(unpadded) : value;
  }
  return fields;
}

/** Returns the same fields as `fieldsByName`, as a list of names and values. */
export function headerFields(headers: Headers): HeaderFields {
  return Object.entries(fieldsByName(headers)).flatMap(([name, value]) =>
    typeof value === "string" ? [name, value] : value.flatMap((part) => [name, part]),
  );
}

function unpadded(base64: string): string {
  return base64.trim().replace(/=+$/, "");
}
