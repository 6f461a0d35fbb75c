import { SpanStatusCode, trace } from "@opentelemetry/api";

/**
 * Runs `work` as one span: a part of the active trace, or the beginning of a new one. When it throws the span is an error of that kind,
 * and carries no more of it: a message may quote data.
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
