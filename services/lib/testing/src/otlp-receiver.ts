import { once } from "node:events";
import http from "node:http";
import { buffer } from "node:stream/consumers";
import { type ReceivedSpan, spansFromOtlp } from "./otlp-spans.ts";

/** An OpenTelemetry collector in this process: receives OTLP over HTTP and stores what it receives. */
export interface OtlpReceiver extends AsyncDisposable {
  /** URL for OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** All received spans, in the order of their arrival. */
  readonly spans: readonly ReceivedSpan[];
  /** Bodies of all received requests, as sent: of the requests with spans and of those with metrics. */
  readonly bodies: readonly Buffer[];
}

/** Starts a collector on a free port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: Buffer[] = [];
  const server = http.createServer(async (request, response) => {
    const body = await buffer(request);
    bodies.push(body);
    if (request.url === "/v1/traces") spans.push(...spansFromOtlp(body));
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
