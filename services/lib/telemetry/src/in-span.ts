import { SpanStatusCode, trace } from "@opentelemetry/api";

/**
 * Runs `work` in one span: a child of the active span, or the root of a new trace. When `work` throws, the
 * span's status is ERROR with the error's type. The error's message is left out, because a message may quote
 * data.
 */
export function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  return trace.getTracer("bellwether.work").startActiveSpan(name, async (span) => {
    try {
      return await work();
    } catch (error) {
      const type = error instanceof Error ? error.name : "Error";
      span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", type);
      throw error;
    } finally {
      span.end();
    }
  });
}
