import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that the stand-in server got. */
export interface StandInRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly response_format?: { readonly type: string };
    readonly max_tokens?: number;
  };
}

/** How the stand-in server answers: with the text of a completion, or by writing the response itself. */
export type StandInAnswer = (request: StandInRequest, response: ServerResponse) => string | undefined;

/** A server with Mistral's interface for chat completions. */
export interface StandInServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: StandInRequest[];
  answer: StandInAnswer;
}

/** Returns the body of a completion. */
export function completion(
  content: string,
  fields: { readonly finish_reason?: string; readonly total_tokens?: number } = {},
): string {
  return JSON.stringify({
    id: "c1",
    object: "chat.completion",
    model: "stand-in",
    created: 1,
    usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: fields.total_tokens ?? 150 },
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: fields.finish_reason ?? "stop" }],
  });
}

/** Starts the server on a free port of this machine. */
export async function startStandIn(answer: StandInAnswer): Promise<StandInServer> {
  const requests: StandInRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body: StandInRequest["body"] = JSON.parse(Buffer.concat(chunks).toString() || "{}");
      const got = { path: request.url ?? "", headers: request.headers, body };
      requests.push(got);
      const content = standIn.answer(got, response);
      if (content !== undefined)
        response.writeHead(200, { "content-type": "application/json" }).end(completion(content));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const standIn: StandInServer = {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return standIn;
}

/** The facts of a request, as far as `plainAnswer` reads them. */
interface PromptFacts {
  readonly reasons: readonly { readonly id: string; readonly direction: string }[];
}

/** A sentence as a language model sends it. */
export interface StandInSentence {
  readonly claims: readonly { readonly kind: string; readonly facts: readonly string[] }[];
}

/** Returns a truthful answer to a request: the score, and all reasons of each direction. */
export function plainAnswer({ body }: StandInRequest): { sentences: StandInSentence[] } {
  const { reasons }: PromptFacts = JSON.parse(body.messages[1]?.content ?? "{}");
  const about = (kind: string, direction: string): StandInSentence[] => {
    const facts = reasons.filter((reason) => reason.direction === direction).map(({ id }) => id);
    return facts.length === 0 ? [] : [{ claims: [{ kind, facts }] }];
  };
  const score = [
    { kind: "score", facts: ["score"] },
    { kind: "band", facts: ["score"] },
  ];
  return { sentences: [{ claims: score }, ...about("raises", "increases"), ...about("lowers", "lowers")] };
}
