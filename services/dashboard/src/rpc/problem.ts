import { Code, ConnectError } from "@connectrpc/connect";

/** A failure in words: what is wrong, and what the reader can do. */
export interface Problem {
  readonly title: string;
  readonly wayOut: string;
}

const PROBLEMS: Readonly<Partial<Record<Code, Problem>>> = {
  [Code.Unauthenticated]: {
    title: "You are not signed in",
    wayOut: "Sign in above, then try again. What you have typed stays.",
  },
  [Code.PermissionDenied]: {
    title: "You do not have the role for this",
    wayOut: "Ask an administrator for the analyst role, or ask somebody who has it to decide.",
  },
  [Code.NotFound]: {
    title: "Not found",
    wayOut: "It does not exist, or its data has been removed. Go back to the alerts.",
  },
  [Code.FailedPrecondition]: {
    title: "Somebody else was first",
    wayOut: "It has been resolved in the meantime. The page now shows its present state.",
  },
  [Code.DeadlineExceeded]: {
    title: "The server took too long",
    wayOut: "It may be busy with a weekly run. Try again in a moment.",
  },
  [Code.ResourceExhausted]: {
    title: "The server is overloaded",
    wayOut: "Try again in a moment.",
  },
  [Code.Unavailable]: {
    title: "The server cannot be reached",
    wayOut: "Check that it runs and that you are connected, then try again.",
  },
  [Code.Unimplemented]: {
    title: "This server is older than this page",
    wayOut: "Update ops-service, or reload the page from it.",
  },
};

/** Words of the server for a caller who sees only some suppliers (reason SUPPLIER_SCOPE). */
const ALL_SUPPLIERS = /is about all suppliers together/;
const OTHER_SUPPLIERS: Problem = {
  title: "This is about all suppliers together",
  wayOut: "You see only the suppliers of your regions and categories. Ask somebody who sees all of them.",
};

const UNKNOWN: Problem = {
  title: "The server has an internal error",
  wayOut: "Try again. If it happens again, look at the server's log.",
};

/** Codes with which a call that only reads says why there is no answer. */
const UNANSWERED: ReadonlySet<Code> = new Set([Code.FailedPrecondition, Code.NotFound]);

/**
 * Describes a failed call. For a rejected input it has the server's message.
 * @param isExplanation Whether the call only explains something: then it has the server's message too when there is
 * nothing to explain, for example because a version is not in the registry any more.
 */
export function problemOf(error: unknown, isExplanation = false): Problem {
  // A browser that cannot connect throws a TypeError, which has no code.
  if (error instanceof TypeError) return PROBLEMS[Code.Unavailable] ?? UNKNOWN;
  const failure = ConnectError.from(error);
  if (failure.cause instanceof TypeError) return PROBLEMS[Code.Unavailable] ?? UNKNOWN;
  if (failure.code === Code.InvalidArgument) return { title: "The server rejected this", wayOut: failure.rawMessage };
  if (failure.code === Code.PermissionDenied && ALL_SUPPLIERS.test(failure.rawMessage)) return OTHER_SUPPLIERS;
  if (isExplanation && UNANSWERED.has(failure.code))
    return { title: "This cannot be explained", wayOut: failure.rawMessage };
  return PROBLEMS[failure.code] ?? UNKNOWN;
}

/** Begin of a sentence about a change that the server may have made. */
export const UNKNOWN_OUTCOME = "It is not known whether it was done";

/** Codes with which a server rejects a call before it changes anything. */
const REJECTED: ReadonlySet<Code> = new Set([
  ...[Code.InvalidArgument, Code.Unauthenticated, Code.PermissionDenied, Code.NotFound, Code.AlreadyExists],
  ...[Code.FailedPrecondition, Code.Aborted, Code.OutOfRange, Code.ResourceExhausted, Code.Unimplemented],
]);

/** Whether a call that changes something may have changed it although it failed with this error: its answer was lost. */
export const isOutcomeUnknown = (error: unknown): boolean =>
  error !== undefined && !REJECTED.has(ConnectError.from(error).code);

/** Whether the requested object does not exist: a retry cannot succeed. */
export function isMissing(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.NotFound;
}

/** Whether the same read fails again: its object does not exist, or a value is not valid. */
export const isFinal = (error: unknown): boolean =>
  isMissing(error) || (error instanceof ConnectError && error.code === Code.InvalidArgument);

/** Whether the same call can succeed later: the server was not reachable or overloaded. */
export function isPassing(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  const failure = ConnectError.from(error);
  const passing = [Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted];
  return passing.includes(failure.code) || failure.cause instanceof TypeError;
}
