import { createRpcDurations } from "@bellwether/telemetry/rpc-metrics";
import { endCallTrace, traceClientCall } from "@bellwether/telemetry/rpc-spans";
import { Code, ConnectError, type Interceptor, type StreamResponse } from "@connectrpc/connect";
import { context, type Span } from "@opentelemetry/api";
import { codeName } from "../errors/code-name.ts";

/**
 * Records a CLIENT span and `rpc.client.call.duration` for every call, including its retries, and propagates
 * the trace in `traceparent`.
 */
export function clientTelemetryInterceptor(sampleRatio: number): Interceptor {
  const durations = createRpcDurations("client");
  return (next) => async (request) => {
    const method = `${request.service.typeName}/${request.method.name}`;
    const startedAt = performance.now();
    const call = traceClientCall({ system: "grpc", method }, request.header, sampleRatio);
    const end = (error?: unknown): void => {
      const code = codeName(error === undefined ? undefined : ConnectError.from(error, Code.Unknown));
      durations.record("grpc", method, code, performance.now() - startedAt);
      endSpan(call.span, code);
    };
    try {
      const response = await context.with(call.context, () => next(request));
      if (response.stream) return withEnd(response, end);
      end();
      return response;
    } catch (error) {
      end(error);
      throw error;
    }
  };
}

function endSpan(span: Span | undefined, code: string): void {
  endCallTrace(span, { code, isError: code !== "OK" });
}

function withEnd(response: StreamResponse, end: (error?: unknown) => void): StreamResponse {
  const messages = response.message;
  return {
    ...response,
    message: (async function* () {
      let failure: unknown = new ConnectError("canceled", Code.Canceled);
      try {
        yield* messages;
        failure = undefined;
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        end(failure);
      }
    })(),
  };
}
