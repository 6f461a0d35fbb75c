import { setTimeout as delay } from "node:timers/promises";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

export interface RetryOptions {
  /** Attempts of one call, the first included. */
  readonly maxAttempts: number;
  /** Retries per call in the long run: an outage costs the peer so much more load and no more. */
  readonly budgetRatio: number;
  /** Retries that may come in a burst. */
  readonly budgetBurst: number;
  /** Pause before the first retry, doubled before each later one, with jitter between half and all of it. */
  readonly pauseMs: number;
  /** Told of every retry, with the name of the RPC. */
  readonly onRetry?: (name: string) => void;
}

export const DEFAULT_RETRY: RetryOptions = { maxAttempts: 3, budgetRatio: 0.08, budgetBurst: 10, pauseMs: 10 };

/**
 * Repeats unary calls that failed with UNAVAILABLE, when their RPC is idempotent by its contract and the budget has a retry left.
 * The call's own deadline bounds all attempts together.
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
