import { IngestLimitError, MappingSqlError, NoRowsError, SourceError } from "../ingest-errors.ts";
import type { IngestProgress } from "../ingest-progress.ts";
import type { WeeklyInput, WeeklySnapshot } from "../snapshot/weekly-snapshot.ts";

/** Request to the child process: map one weekly input. */
export type IngestRequest = Omit<WeeklyInput, "signal" | "onProgress" | "onStuck">;

/** What the reading has used up to its end. */
export interface IngestUsage {
  /** Largest resident memory of the process, in bytes. */
  readonly peakRssBytes: number;
  /** CPU time of the process, user and system, in seconds. */
  readonly cpuSeconds: number;
}

/** Message of the child process. `result` or `failure` is the last one. */
export type IngestMessage =
  | { readonly kind: "progress"; readonly progress: IngestProgress }
  | { readonly kind: "result"; readonly snapshot: WeeklySnapshot; readonly usage: IngestUsage }
  | { readonly kind: "failure"; readonly failure: IngestFailure };

/** An error, as it passes from one process to another. */
export interface IngestFailure {
  readonly name: string;
  readonly message: string;
  /** The system's code and path of a file error; empty when there are none. */
  readonly code: string;
  readonly path: string;
  /** Arguments of the constructor of an error class of this package. */
  readonly fields: readonly string[];
  readonly cause: IngestFailure | null;
}

const MAX_CAUSES = 5;

/** Returns an error and its causes in a form that can be sent. */
export function failureOf(error: unknown, depth = 0): IngestFailure {
  if (!(error instanceof Error))
    return { name: "Error", message: String(error), code: "", path: "", fields: [], cause: null };
  const system: NodeJS.ErrnoException = error;
  const cause = error.cause === undefined || depth >= MAX_CAUSES ? null : failureOf(error.cause, depth + 1);
  return {
    name: error.name,
    message: error.message,
    code: typeof system.code === "string" ? system.code : "",
    path: typeof system.path === "string" ? system.path : "",
    fields: fieldsOf(error),
    cause,
  };
}

function fieldsOf(error: Error): string[] {
  if (error instanceof SourceError) return [error.source, error.file, error.problem];
  if (error instanceof MappingSqlError) return [error.path, error.problem];
  if (error instanceof IngestLimitError) return [error.variable, error.problem, error.path];
  return [];
}

/** Returns the error that `failureOf` described, of the same class when it is one of this package. */
export function errorOf(failure: IngestFailure): Error {
  const [first = "", second = "", third = ""] = failure.fields;
  switch (failure.name) {
    case "SourceError":
      return new SourceError(first, second, third);
    case "MappingSqlError":
      return new MappingSqlError(first, second);
    case "IngestLimitError":
      return new IngestLimitError(first, second, third);
    case "NoRowsError":
      return new NoRowsError(failure.message);
    default: {
      const error = new Error(failure.message, failure.cause === null ? {} : { cause: errorOf(failure.cause) });
      if (failure.name !== "Error") Object.defineProperty(error, "name", { value: failure.name });
      return Object.assign(
        error,
        failure.code === "" ? {} : { code: failure.code },
        failure.path === "" ? {} : { path: failure.path },
      );
    }
  }
}
