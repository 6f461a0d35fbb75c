import { setTimeout as delay } from "node:timers/promises";
import { runOutsideCalls } from "@bellwether/telemetry/lazy-context";
import {
  type ScorecardPorts,
  type ScorecardStatus,
  ScorecardUnavailableError,
  scoreByScorecard,
} from "../domain/outcomes/scorecard-scores.ts";

export interface ScorecardCareOptions {
  readonly ports: ScorecardPorts;
  readonly listModels: () => Promise<readonly string[]>;
  readonly onError: (error: unknown) => void;
}

/** Scores the stored features of weeks with the scorecards of the models, beside the calls. */
export interface ScorecardCare extends AsyncDisposable {
  /** Starts to score the weeks of all models. Does not wait. */
  readonly start: () => void;
  /**
   * Scores the weeks of a model, and waits for it, at most WAIT_MS. Weeks that are not scored by then are scored later.
   * @throws the reason of `signal`; errors of the database
   */
  readonly statusOf: (modelName: string, signal: AbortSignal) => Promise<ScorecardStatus>;
}

/** Time for which a call waits for weeks that are not scored yet. */
const WAIT_MS = 5_000;
/** Time after a failure in which the weeks are not tried again. */
const REST_MS = 5_000;

interface Pass {
  status: ScorecardStatus | undefined;
  isRunning: boolean;
  /** Whether the weeks are read once more, because they were requested while the pass ran. */
  isRequested: boolean;
  restUntil: number;
  /** Ends when all weeks are scored or the pass has failed. Never rejects. */
  done: Promise<void>;
}

function setStatus(pass: Pass, status: ScorecardStatus): void {
  pass.status = status;
}

/** Starts the work: weeks that a killed process has not scored are scored at the first request. */
export function startScorecardCare({ ports, listModels, onError }: ScorecardCareOptions): ScorecardCare {
  const stopped = new AbortController();
  const passes = new Map<string, Pass>();
  const run = async (modelName: string, pass: Pass): Promise<void> => {
    try {
      while (pass.isRequested) {
        pass.isRequested = false;
        await scoreByScorecard(ports, modelName, (status) => setStatus(pass, status), stopped.signal);
      }
    } catch (error) {
      if (stopped.signal.aborted) return;
      pass.restUntil = performance.now() + REST_MS;
      const isKnown = error instanceof ScorecardUnavailableError;
      const known = pass.status?.scorecard ?? (await ports.findStored(modelName).catch(() => null));
      pass.status = { scorecard: known, note: isKnown ? error.message : "the weeks could not be scored" };
      if (!isKnown) onError(error);
    } finally {
      pass.isRunning = false;
    }
  };
  const begin = (modelName: string): Pass => {
    const known = passes.get(modelName);
    if (known?.isRunning) known.isRequested = true;
    if (known && (known.isRunning || performance.now() < known.restUntil)) return known;
    const begun = { isRunning: true, isRequested: true, restUntil: 0, done: Promise.resolve() };
    const pass: Pass = { ...begun, status: known?.status };
    passes.set(modelName, pass);
    pass.done = runOutsideCalls(() => run(modelName, pass));
    return pass;
  };
  const startAll = async (): Promise<void> => {
    for (const modelName of await listModels()) if (!stopped.signal.aborted) await begin(modelName).done;
  };
  let starting: Promise<unknown> = Promise.resolve();
  return {
    start() {
      const started = runOutsideCalls(() => startAll().catch(onError));
      starting = Promise.all([starting, started]);
    },
    async statusOf(modelName, signal) {
      signal.throwIfAborted();
      const pass = begin(modelName);
      const over = new AbortController();
      const ended = AbortSignal.any([signal, over.signal]);
      await Promise.race([pass.done, delay(WAIT_MS, undefined, { signal: ended }).catch(() => {})]);
      over.abort();
      signal.throwIfAborted();
      return pass.status ?? { scorecard: null, note: "the scorecard is not known yet; repeat the call" };
    },
    async [Symbol.asyncDispose]() {
      stopped.abort(new Error("the service stops"));
      await starting;
      await Promise.all([...passes.values()].map(({ done }) => done));
    },
  };
}
