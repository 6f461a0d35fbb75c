import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as a stand-in server has received it. */
export interface SeenRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

/** An HTTP server that answers as a test says, for what no real store does on demand. */
export interface StandInS3 extends AsyncDisposable {
  readonly endpoint: string;
  /** All requests, in the order of their arrival. */
  readonly seen: readonly SeenRequest[];
  /** Answers the next requests. */
  answer: (request: SeenRequest, response: ServerResponse, number: number) => void;
}

/** Starts the server on a free port. Its first answer is 500. */
export async function startStandInS3(): Promise<StandInS3> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    const one = { method, url, headers };
    seen.push(one);
    request.resume().on("end", () => standIn.answer(one, response, seen.length));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const standIn: StandInS3 = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer: (_, response) => void response.writeHead(500).end(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return standIn;
}

/** Answers with an error of S3. */
export function sendError(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml", "x-amz-request-id": "REQUEST1" });
  response.end(
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>The key AKIAHIDDEN is wrong</Message></Error>`,
  );
}
