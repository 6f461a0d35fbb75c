import type { ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { Metadata } from "@grpc/grpc-js";
import { metadataFromHeaders } from "./metadata.ts";

/** A status as grpc-js sends it. */
export interface GrpcStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Made once: an overloaded server sends the same few errors very often. */
const statuses = new WeakMap<ConnectError, GrpcStatus>();
const refusals = new WeakMap<ConnectError, readonly string[]>();

/** The status that carries an error's code, text, metadata and details; with no message before it, it goes out as Trailers-Only. */
export function statusFromError(error: ConnectError, trailer: Headers | undefined): GrpcStatus {
  const known = trailer ? undefined : statuses.get(error);
  if (known) return known;
  const metadata = metadataFromHeaders(setTrailerStatus(new Headers(trailer), error));
  const status = { code: Number(error.code), details: error.rawMessage, metadata };
  if (!trailer) statuses.set(error, status);
  return status;
}

/**
 * Answers a stream that nothing else has answered, Trailers-Only, and resets it with NO_ERROR (RFC 9113, 8.1): what its client
 * still sends is thrown away by the HTTP/2 engine and costs no event.
 */
export function refuseStream(stream: ServerHttp2Stream, error: ConnectError): void {
  stream.on("error", ignore);
  let fields = refusals.get(error);
  if (!fields) {
    fields = trailersOnly(statusFromError(error, undefined));
    refusals.set(error, fields);
  }
  stream.respond([...fields], { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function trailersOnly({ code, details, metadata }: GrpcStatus): string[] {
  const fields = [":status", "200", "content-type", "application/grpc+proto"];
  fields.push("grpc-status", String(code), "grpc-message", encodeURI(details));
  for (const [name, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of Array.isArray(values) ? values : [values]) fields.push(name, String(value));
  }
  return fields;
}

/** An answer to a client that has gone needs no telling. */
function ignore(): void {}
