import { Metadata } from "@grpc/grpc-js";
import { PROTOCOL_HEADERS } from "../call/protocol-headers.ts";

/** Metadata as the gRPC protocol requires it of senders: base64 without padding. grpc-js writes padding. */
class UnpaddedMetadata extends Metadata {
  override clone(): Metadata {
    const copy = new UnpaddedMetadata();
    copy.merge(this);
    return copy;
  }

  override toHttp2Headers(): ReturnType<Metadata["toHttp2Headers"]> {
    const headers = super.toHttp2Headers();
    for (const [name, value] of Object.entries(headers)) {
      if (!name.endsWith("-bin") || value === undefined) continue;
      headers[name] = Array.isArray(value) ? value.map(unpadded) : unpadded(String(value));
    }
    return headers;
  }
}

function unpadded(base64: string): string {
  return base64.replace(/=+$/, "");
}

/**
 * Converts headers to grpc-js metadata: binary values ("-bin") become bytes, a repeated binary header becomes
 * several values.
 */
export function metadataFromHeaders(headers: Headers): Metadata {
  const metadata = new UnpaddedMetadata();
  for (const [name, value] of headers) {
    if (PROTOCOL_HEADERS.has(name)) continue;
    if (!name.endsWith("-bin")) metadata.add(name, value);
    else for (const part of value.split(",")) metadata.add(name, Buffer.from(part.trim(), "base64"));
  }
  return metadata;
}

/** Converts grpc-js metadata to headers: binary values become base64, repeated values are joined by a comma. */
export function headersFromMetadata(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of Array.isArray(values) ? values : [values]) {
      if (value !== undefined) headers.append(name, String(value));
    }
  }
  return headers;
}
