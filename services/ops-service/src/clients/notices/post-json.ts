import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type net from "node:net";
import { urlToHttpOptions } from "node:url";
import { addressKind } from "./address-kind.ts";
import {
  AddressRejectedError,
  type ConnectionOptions,
  destroyQuietly,
  encryptConnection,
  openConnection,
} from "./open-connection.ts";
import { type TimeLimits, within } from "./time-limits.ts";

/** A request with a JSON body. */
export interface JsonPost {
  readonly url: URL;
  readonly allowPrivate: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is used of an answer. */
export interface HttpAnswer {
  readonly status: number;
  /** Value of the header Retry-After. Undefined: not sent. */
  readonly retryAfter: string | undefined;
  /** The beginning of the body, at most MAX_ANSWER_BYTES. */
  readonly body: string;
}

/** Allows receivers in a private network. */
const ALLOW_PRIVATE = "allow_private_networks: true for this destination";

/** Number of bytes of an answer that are read. Then the connection is closed. */
export const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Sends a JSON body by POST over a connection of its own. Redirects are not followed: their target was not
 * configured by anybody, and could be in a private network. As soon as the status is known, a receiver that sends
 * an endless body, or closes the connection, only shortens the body.
 * @throws AddressRejectedError, TimeLimitError, errors of the network, of TLS and of HTTP
 */
export async function postJson(
  { url, allowPrivate, headers, body }: JsonPost,
  signal: AbortSignal,
  { connectTimeoutMs, answerTimeoutMs, ...options }: TimeLimits & ConnectionOptions,
): Promise<HttpAnswer> {
  const socket = await within(connectTimeoutMs, "connection", signal, (connecting) =>
    connect(url, allowPrivate, connecting, options),
  );
  try {
    return await within(answerTimeoutMs, "answer", signal, async (answering) => {
      const response = await request(url, socket, { headers, body }, answering);
      return {
        status: response.statusCode ?? 0,
        retryAfter: response.headers["retry-after"],
        body: await readBeginning(response),
      };
    });
  } finally {
    destroyQuietly(socket);
  }
}

async function connect(
  url: URL,
  allowPrivate: boolean,
  signal: AbortSignal,
  options: ConnectionOptions,
): Promise<net.Socket> {
  const isHttps = url.protocol === "https:";
  // The URL of an IPv6 address has brackets.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (isHttps ? 443 : 80) : Number(url.port);
  const socket = await openConnection({ host, port, allowPrivate, setting: ALLOW_PRIVATE }, signal, options);
  if (isHttps) return encryptConnection(socket, { host }, signal, options);
  if (addressKind(socket.remoteAddress ?? "") === "private") return socket;
  destroyQuietly(socket);
  throw new AddressRejectedError(`${url.host} is a public address: use https, http is for private networks only`);
}

function request(
  url: URL,
  socket: net.Socket,
  { headers, body }: Pick<JsonPost, "headers" | "body">,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { request: send } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = send({
      ...urlToHttpOptions(url),
      ...{ method: "POST", signal, createConnection: () => socket },
      headers: { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(body) },
    });
    // The listener stays: an error after the answer has begun must not end the process.
    outgoing.on("error", reject);
    outgoing.once("response", resolve);
    outgoing.end(body);
  });
}

async function readBeginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      if (!Buffer.isBuffer(chunk)) continue;
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MAX_ANSWER_BYTES) break;
    }
  } catch {
    // The status has arrived, and the status alone is the answer.
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString("utf8");
}
