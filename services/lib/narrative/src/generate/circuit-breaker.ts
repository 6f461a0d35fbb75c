/** Settings of a circuit breaker. */
export interface CircuitBreakerOptions {
  /** Number of failures in a row that open the circuit, at least 1. */
  readonly failures: number;
  /** Time for which an open circuit rejects calls. After it, one call at a time is tried. */
  readonly openMs: number;
  readonly now: () => number;
}

/** Breaker of the calls to a provider: failures in a row that open the circuit, and for how long. */
export const PROVIDER_BREAKER = { failures: 5, openMs: 30_000 };
/** Time for which a rejected key opens the circuit: it stays rejected until an operator changes it. */
export const UNAUTHORIZED_OPEN_MS = 300_000;

/** Decides whether calls are sent to a peer that may be down. Each `tryEnter` that returns true needs one end. */
export interface CircuitBreaker {
  /** Whether a call may be sent now. */
  tryEnter(): boolean;
  /** The call was not made: the state stays as it was. */
  left(): void;
  /** The call was answered: the circuit is closed. */
  succeeded(): void;
  /** The call failed. @param openMs Opens the circuit at once, for this time. */
  failed(openMs?: number): void;
}

/** Creates a closed circuit. */
export function createCircuitBreaker({ failures, openMs, now }: CircuitBreakerOptions): CircuitBreaker {
  let failed = 0;
  let openUntil = Number.NEGATIVE_INFINITY;
  let isTrying = false;
  return {
    tryEnter() {
      if (failed < failures) return true;
      if (isTrying || now() < openUntil) return false;
      isTrying = true;
      return true;
    },
    left() {
      isTrying = false;
    },
    succeeded() {
      failed = 0;
      isTrying = false;
    },
    failed(forMs) {
      isTrying = false;
      failed = forMs === undefined ? failed + 1 : failures;
      if (failed >= failures) openUntil = Math.max(openUntil, now() + (forMs ?? openMs));
    },
  };
}
