import { setTimeout as delay } from "node:timers/promises";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

export interface RetryOptions {
  /** Maximum number of attempts per call, including the first. */
  readonly maxAttempts: number;
  /** Retries per call in the long run: bounds the additional load on the peer during an outage. */
  readonly budgetRatio: number;
  /** Retries that are allowed in a burst. */
  readonly budgetBurst: number;
  /**
   * Pause before the first retry. It doubles before each later retry; jitter takes a random value between
   * half of it and all of it.
   */
  readonly pauseMs: number;
  /** Called for every retry with the name of the RPC. */
  readonly onRetry?: (name: string) => void;
}

export const DEFAULT_RETRY: RetryOptions = { maxAttempts: 3, budgetRatio: 0.08, budgetBurst: 10, pauseMs: 10 };

/**
 * Repeats a unary call that failed with UNAVAILABLE when its contract declares the RPC idempotent and the
 * budget has a retry left. The call's own deadline bounds all attempts together.
 */
export function retryInterceptor({
  maxAttempts,
  budgetRatio,
  budgetBurst,
  pauseMs,
  onRetry,
}: RetryOptions): Interceptor {
  let budget = budgetBurst;
  return (next) => async (request) => {
    budget = Math.min(budgetBurst, budget + budgetRatio);
    if (request.stream || request.method.idempotency === Idempotency.IDEMPOTENCY_UNKNOWN) return next(request);
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(request);
      } catch (error) {
        const retriable = ConnectError.from(error).code === Code.Unavailable && !request.signal.aborted;
        if (!retriable || attempt >= maxAttempts || budget < 1) throw error;
        budget -= 1;
        onRetry?.(request.method.name);
        await delay(pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), undefined, { signal: request.signal });
      }
    }
  };
}
