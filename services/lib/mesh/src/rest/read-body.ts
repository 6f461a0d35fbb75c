import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { repeatsName } from "@bellwether/contract/repeated-names";
import { fromJsonString, type JsonValue } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { invalidRequest, rpcError } from "../errors/rpc-error.ts";
import { announcedBytes, type WebRequest } from "../web/web-handler.ts";
import { loneSurrogates } from "./lone-surrogates.ts";

/**
 * Reads a JSON body of at most `maxBytes` after decompression; undefined when there is no body. `arrived` is
 * called with the number of decompressed bytes so far; an error that it throws ends the reading.
 * @throws ConnectError INVALID_ARGUMENT or RESOURCE_EXHAUSTED
 */
export async function readJsonBody(
  request: WebRequest,
  maxBytes: number,
  arrived: (bytes: number) => void,
): Promise<JsonValue | undefined> {
  const text = await readTextBody(request, maxBytes, arrived);
  return text.trim() === "" ? undefined : jsonOfText(text);
}

/** Reads JSON from bytes. @throws ConnectError INVALID_ARGUMENT */
export const jsonOfBytes = (bytes: Uint8Array): JsonValue => jsonOfText(decodeUtf8(bytes));

function jsonOfText(text: string): JsonValue {
  const json = parseBody(text);
  const violations = loneSurrogates(json, text);
  if (violations.length > 0) throw invalidRequest(violations);
  return json;
}

/** Reads a body as text, with the same limits. @throws ConnectError INVALID_ARGUMENT or RESOURCE_EXHAUSTED */
export async function readTextBody(
  request: WebRequest,
  maxBytes: number,
  arrived: (bytes: number) => void,
): Promise<string> {
  return decodeUtf8(await readBytes(request, maxBytes, arrived));
}

function parseBody(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw rpcError(Code.InvalidArgument, "MALFORMED_JSON", `the body is not JSON: ${reason}`, { cause });
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes UTF-8 and removes a byte order mark. Invalid bytes are an error, because a replacement character
 * could name another supplier.
 */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw rpcError(Code.InvalidArgument, "MALFORMED_JSON", "the body is not UTF-8", { cause });
  }
}

/**
 * Parses a JSON text. A repeated name is an error: JSON.parse would silently keep only its last value.
 * @throws Error with the reason
 */
export function parseJson(text: string): JsonValue {
  const json: JsonValue = JSON.parse(text);
  if (typeof json !== "object" || json === null || !repeatsName(text, json)) return json;
  try {
    fromJsonString(EmptySchema, Array.isArray(json) ? `{"list":${text}}` : text, { ignoreUnknownFields: true });
  } catch (cause) {
    const name = /duplicate object key (".*")$/s.exec(cause instanceof Error ? cause.message : "")?.[1];
    throw new Error(name === undefined ? String(cause) : `${name} is given twice`, { cause });
  }
  return json;
}

/** Reads a body as bytes, with the same limits. @throws ConnectError INVALID_ARGUMENT or RESOURCE_EXHAUSTED */
export async function readBytes(
  request: WebRequest,
  maxBytes: number,
  arrived: (bytes: number) => void,
): Promise<Buffer> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "gzip" && encoding !== "identity") {
    throw rpcError(Code.Unimplemented, "UNKNOWN_ENCODING", `content-encoding "${encoding}" is not supported, use gzip`);
  }
  const tooLarge = (): ConnectError =>
    rpcError(Code.ResourceExhausted, "MESSAGE_TOO_LARGE", `the body is larger than ${maxBytes} bytes`);
  // gzip makes no text larger than this. The body is not read to find out.
  const most = encoding === "gzip" ? maxBytes * 1.01 + 1_024 : maxBytes;
  if (announcedBytes(request) > most) throw tooLarge();
  const source = encoding === "gzip" ? request.pipe(createGunzip()) : request;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    await readAll(source, (chunk) => {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge();
      arrived(size);
      chunks.push(chunk);
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_")) {
      throw rpcError(Code.InvalidArgument, "MALFORMED_GZIP", "the body is not valid gzip", { cause: error });
    }
    throw error;
  } finally {
    if (source !== request) source.destroy();
  }
  return Buffer.concat(chunks);
}

/**
 * Reads a stream to its end by its events, which cost a small body much less than an async iterator. An error that `take`
 * throws ends the reading; the stream stays open, so that the answer can still be sent on the same socket.
 */
function readAll(source: Readable, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => void source.off("data", onData).off("end", onEnd).off("error", fail).off("close", onClose);
    const fail = (reason: unknown): void => {
      stop();
      source.pause();
      reject(reason);
    };
    const onData = (chunk: Buffer): void => {
      try {
        take(chunk);
      } catch (reason) {
        fail(reason);
      }
    };
    const onEnd = (): void => {
      stop();
      resolve();
    };
    const onClose = (): void => fail(new ConnectError("the request has ended within its body", Code.Canceled));
    if (source.destroyed) onClose();
    else source.on("data", onData).on("end", onEnd).on("error", fail).on("close", onClose);
  });
}
