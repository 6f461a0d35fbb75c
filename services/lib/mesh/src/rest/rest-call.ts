import { create, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type AnswerIds, REQUEST_ID_HEADER, TRACE_ID_HEADER } from "../call/answer-ids.ts";
import type { BoundMethod } from "../call/bound-method.ts";
import { Call, COUNTED_AT_ONCE_BYTES, type Peer } from "../call/call.ts";
import { JSON_OVERHEAD } from "../call/call-limits.ts";
import type { PolicyChain } from "../call/policy.ts";
import { errorHeaders } from "../errors/error-headers.ts";
import { invalidRequest, reworded } from "../errors/rpc-error.ts";
import { peerOfSocket } from "../listener/peers.ts";
import { encodeText } from "../web/content-encoding.ts";
import { PROBLEM_JSON, problemJson } from "../web/problem-json.ts";
import { checkQueryNames } from "../web/query-names.ts";
import { checkQueryText } from "../web/query-text.ts";
import { announcedBytes, sendText, socketOf, type WebRequest, type WebResponse } from "../web/web-handler.ts";
import type { PathParameters } from "./path-parameters.ts";
import { readBytes, readJsonBody, readTextBody } from "./read-body.ts";
import { readRows } from "./read-rows.ts";
import type { RestAnswer, RestInput, RestRoute } from "./rest-route.ts";
import { restStatus } from "./rest-status.ts";
import { EVENT_STREAM, eventText } from "./server-event.ts";

export interface RestCallInit {
  readonly rest: RestRoute;
  readonly bound: BoundMethod;
  /** Parameters of the path. */
  readonly params: PathParameters;
  readonly chain: PolicyChain;
  readonly request: WebRequest;
  readonly response: WebResponse;
}

/** A call through a REST path (HTTP with JSON, without an RPC protocol). */
export class RestCall extends Call {
  readonly protocolName = "http";
  override readonly engineTimesBody: boolean;
  override readonly deadlineAfterRequest = true;
  readonly #init: RestCallInit;
  #requestHeader: Headers | undefined;
  #input: RestInput;
  #arrivedBytes = 0;
  #reject: ((error: ConnectError) => void) | undefined;

  constructor(init: RestCallInit) {
    super(init.bound);
    this.#init = init;
    this.#input = {
      ...{ body: undefined, rows: [], query: new URLSearchParams(), lastEventId: "" },
      ...{ params: init.params, bytes: new Uint8Array(), header: (name: string) => this.header(name) },
    };
    this.engineTimesBody = !("stream" in init.request);
    init.response.once("close", () => this.fail(new ConnectError("canceled", Code.Canceled)));
  }

  override get requestMethod(): string {
    return this.#init.rest.verb;
  }

  get peer(): Peer {
    return peerOfSocket(socketOf(this.#init.request));
  }

  get connection(): object {
    return socketOf(this.#init.request);
  }

  override keepRequest(): number {
    return this.#arrivedBytes;
  }

  get requestHeader(): Headers {
    if (!this.#requestHeader) {
      this.#requestHeader = new Headers();
      for (const [name, value] of Object.entries(this.#init.request.headers)) {
        if (value !== undefined && !name.startsWith(":")) this.#requestHeader.set(name, String(value));
      }
    }
    return this.#requestHeader;
  }

  header(name: string): string | undefined {
    const { headers } = this.#init.request;
    const value = headers[name] ?? (name === "host" ? headers[":authority"] : undefined);
    return value === undefined ? undefined : String(value);
  }

  fail(reason: unknown): void {
    if (this.closed) return;
    const error = this.#init.chain.toError(reason, this);
    this.abort(error);
    this.#reject?.(error);
    this.#init.chain.close(this, error);
  }

  /** Runs the call and sends its answer or its error. Never rejects. */
  async run(): Promise<void> {
    const { chain, response } = this.#init;
    try {
      await chain.open(this);
      const timeoutMs = parseTimeout(this.header("connect-timeout-ms"));
      const message = await this.#orFailure(this.#readRequest());
      // The upload has its own time limit: the deadline of the answer begins now.
      if (timeoutMs !== undefined) this.deadline = Date.now() + timeoutMs;
      this.startDeadline?.();
      await this.#orFailure(this.admitted(chain));
      chain.message(this, message);
      await this.#answer(message);
      chain.close(this, undefined);
    } catch (reason) {
      this.fail(reason);
      const { reword, toEvent, namesError } = this.#init.rest;
      if (!this.aborted || response.destroyed) return;
      const error = reword ? reworded(this.aborted, (text) => reword(text, this.#input)) : this.aborted;
      sendError(this.#identified(), error, this.answerIds, { isEvents: toEvent !== undefined, namesError });
    }
  }

  async #readRequest(): Promise<Message> {
    const { request, rest } = this.#init;
    const queryText = /\?(.*)$/s.exec(request.url ?? "")?.[1] ?? "";
    checkQueryText(queryText);
    const query = new URLSearchParams(queryText);
    checkQueryNames(query, rest.query.single ?? [], rest.query.repeated ?? []);
    const maxBytes = this.bound.limits.maxRequestBytes * JSON_OVERHEAD;
    const arrived = (bytes: number): void => {
      this.#arrivedBytes = bytes;
      if (bytes > COUNTED_AT_ONCE_BYTES) this.memory?.count(this, this.keepRequest(), announcedBytes(request));
      if (this.aborted) throw this.aborted;
    };
    const rows = rest.readsRows
      ? readRows(await readTextBody(request, maxBytes, arrived), request.headers["content-type"])
      : [];
    const bytes = rest.readsBytes ? await readBytes(request, maxBytes, arrived) : this.#input.bytes;
    const body = rest.readsRows || rest.readsBytes ? undefined : await readJsonBody(request, maxBytes, arrived);
    this.requestComplete = true;
    if ((body !== undefined || bytes.length > 0) && rest.verb === "GET")
      throw invalidRequest([{ field: "", description: "GET takes no body; send the request in the query" }]);
    this.#input = { ...this.#input, body, rows, query, bytes, lastEventId: this.header("last-event-id") ?? "" };
    return create(rest.rpc.input, rest.toRequest(this.#input));
  }

  async #answer(message: Message): Promise<void> {
    const { rest } = this.#init;
    const answer = this.within(() => this.bound.handler(message, this));
    if (this.bound.streamsOut) {
      await this.#sendLines(answer as AsyncIterable<Message>);
    } else {
      const response = this.toResponse(await this.#orFailure(Promise.resolve(answer)));
      if (rest.toAnswer) this.#sendAnswer(rest.toAnswer(response, this.#input));
      else await this.#sendJson(JSON.stringify(rest.toJson(response, this.#input)));
    }
  }

  #sendAnswer({ status, contentType, headers, body }: RestAnswer): void {
    const { request } = this.#init;
    const response = this.#setHeaders();
    response.statusCode = status;
    for (const [name, value] of Object.entries({ ...headers, "content-type": contentType }))
      response.setHeader(name, value);
    response.setHeader("content-length", Buffer.byteLength(body));
    if (request.method === "HEAD") response.end();
    else response.end(body);
  }

  async #sendJson(text: string): Promise<void> {
    const { response } = this.#init;
    const encoded = await encodeText(text, this.header("accept-encoding"));
    if (this.aborted) throw this.aborted;
    this.#setHeaders();
    addVary(response, "accept-encoding");
    if (!encoded) {
      sendText(response, 200, "application/json", text);
      return;
    }
    response.statusCode = 200;
    response.setHeader("content-type", "application/json");
    response.setHeader("content-encoding", encoded.encoding);
    response.setHeader("content-length", encoded.bytes.length);
    if (this.#init.request.method === "HEAD") response.end();
    else response.end(encoded.bytes);
  }

  async #sendLines(messages: AsyncIterable<Message>): Promise<void> {
    const { request, response } = this.#init;
    const iterator = messages[Symbol.asyncIterator]();
    const headOnly = request.method === "HEAD";
    try {
      for (let index = 0; ; index++) {
        const next = await this.#orFailure(this.within(() => iterator.next()));
        if (next.done) break;
        if (!response.headersSent) this.#setStreamHeaders();
        // A watch has no end: the answer to HEAD ends at its first message.
        if (headOnly) break;
        const text = this.#lineOf(next.value, index);
        if (!write(response, text)) await this.#orFailure(new Promise((resolve) => response.once("drain", resolve)));
      }
      response.end();
    } finally {
      if (this.aborted || headOnly) iterator.return?.().catch(() => {});
    }
  }

  #lineOf(message: Message, index: number): string {
    const { rest } = this.#init;
    const answer = this.toResponse(message);
    return rest.toEvent
      ? eventText(rest.toEvent(answer, index))
      : `${JSON.stringify(rest.toJson(answer, this.#input))}\n`;
  }

  #setStreamHeaders(): void {
    const isEvents = this.#init.rest.toEvent !== undefined;
    const response = this.#setHeaders();
    response.setHeader("content-type", isEvents ? EVENT_STREAM : "application/x-ndjson");
    // nginx and proxies that follow it would keep events until a buffer is full.
    if (isEvents) response.setHeader("x-accel-buffering", "no");
  }

  #setHeaders(): WebResponse {
    for (const [name, value] of this.setHeader ?? []) this.#init.response.setHeader(name, value);
    return this.#identified();
  }

  /** Adds the ids of the answer to its headers, if they are not sent yet. */
  #identified(): WebResponse {
    const { response } = this.#init;
    const { requestId, traceId } = this.answerIds;
    if (response.headersSent) return response;
    response.setHeader(REQUEST_ID_HEADER, requestId);
    if (traceId !== undefined) response.setHeader(TRACE_ID_HEADER, traceId);
    return response;
  }

  #orFailure<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      work.then(resolve, reject);
      if (this.aborted) reject(this.aborted);
    });
  }
}

/**
 * Reads the timeout header of Connect clients, which REST calls may use too. It is the time limit of the
 * answer.
 * @throws ConnectError INVALID_ARGUMENT
 */
function parseTimeout(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,10}$/.test(header)) return Number(header);
  const description = "is not a number of milliseconds with at most 10 digits";
  throw invalidRequest([{ field: "connect-timeout-ms", description }]);
}

function write(response: WebResponse, line: string): boolean {
  return response.write(line, "utf8", () => {});
}

/**
 * Sends an error as a problem (RFC 9457). After the first line of a stream, it is the stream's last line, or its
 * last event, with the name "problem".
 */
function sendError(
  response: WebResponse,
  error: ConnectError,
  ids: AnswerIds,
  { isEvents, namesError }: { readonly isEvents: boolean; readonly namesError: boolean },
): void {
  const status = restStatus(error);
  const json = { ...problemJson(error, status, ids), ...(namesError && { error: error.rawMessage }) };
  if (response.headersSent) {
    response.end(isEvents ? eventText({ name: "problem", data: json }) : `${JSON.stringify({ error: json })}\n`);
    return;
  }
  for (const [name, value] of errorHeaders(error)) response.setHeader(name, value);
  sendText(response, status, PROBLEM_JSON, JSON.stringify(json));
}

/** Adds the name of a request header on which the answer depends to `Vary`, for caches. */
function addVary(response: WebResponse, name: string): void {
  const present = response.getHeader("vary");
  response.setHeader("vary", present === undefined ? name : `${String(present)}, ${name}`);
}
