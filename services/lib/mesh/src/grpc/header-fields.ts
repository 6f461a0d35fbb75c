import { type IncomingHttpHeaders, sensitiveHeaders } from "node:http2";
import { PROTOCOL_HEADERS } from "../call/protocol-headers.ts";

/** Header fields as node:http2 accepts a header block: name, value, name, value. */
export type HeaderFields = readonly string[];

/** Header fields by name. */
export type FieldsByName = Readonly<Record<string, string | readonly string[]>> & {
  /** Names of fields that header compression must not keep. */
  readonly [sensitiveHeaders]?: readonly string[];
};

/**
 * Returns the header fields of a request without pseudo-headers; values of a repeated field are joined by a
 * comma.
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
 * Returns a handler's header fields, without those that the protocol writes itself. Bytes ("-bin") are sent
 * as gRPC requires: unpadded, one field each.
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

/** Returns the same fields as `fieldsByName`, as one list. */
export function headerFields(headers: Headers): HeaderFields {
  return Object.entries(fieldsByName(headers)).flatMap(([name, value]) =>
    typeof value === "string" ? [name, value] : value.flatMap((part) => [name, part]),
  );
}

function unpadded(base64: string): string {
  return base64.trim().replace(/=+$/, "");
}
