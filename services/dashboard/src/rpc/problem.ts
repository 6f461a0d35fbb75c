import { Code, ConnectError } from "@connectrpc/connect";

/** A failure in words: what is wrong and the way out. */
export interface Problem {
  readonly title: string;
  readonly wayOut: string;
}

const PROBLEMS: Readonly<Partial<Record<Code, Problem>>> = {
  [Code.Unauthenticated]: {
    title: "The server does not know who you are",
    wayOut: "Open this page through the address that signs you in.",
  },
  [Code.PermissionDenied]: {
    title: "You may not do this",
    wayOut: "Ask an administrator for the analyst role, or let someone who has it decide.",
  },
  [Code.NotFound]: {
    title: "This is not here",
    wayOut: "It may never have existed, or its data has been removed. Go back to the alerts.",
  },
  [Code.FailedPrecondition]: {
    title: "Somebody else was faster",
    wayOut: "It has been resolved in the meantime. What you see now is how it stands.",
  },
  [Code.DeadlineExceeded]: {
    title: "The server took too long",
    wayOut: "It may be busy with a weekly run. Try again in a moment.",
  },
  [Code.ResourceExhausted]: {
    title: "The server has too much to do",
    wayOut: "Try again in a moment.",
  },
  [Code.Unavailable]: {
    title: "The server cannot be reached",
    wayOut: "Check that it runs and that you are connected, then try again.",
  },
  [Code.Unimplemented]: {
    title: "This server is older than this page",
    wayOut: "Update the ops service, or reload the page from it.",
  },
};

const UNKNOWN: Problem = {
  title: "Something went wrong in the server",
  wayOut: "Try again. If it stays, the server's log says more.",
};

/** What to tell about a failed call. A refused input says the server's own words. */
export function problemOf(error: unknown): Problem {
  // A browser that cannot connect throws a TypeError without a code.
  if (error instanceof TypeError) return PROBLEMS[Code.Unavailable] ?? UNKNOWN;
  const failure = ConnectError.from(error);
  if (failure.cause instanceof TypeError) return PROBLEMS[Code.Unavailable] ?? UNKNOWN;
  if (failure.code === Code.InvalidArgument) return { title: "The server refused this", wayOut: failure.rawMessage };
  return PROBLEMS[failure.code] ?? UNKNOWN;
}

/** Whether what was asked for is not there: no trying again helps. */
export function isMissing(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.NotFound;
}

/** Whether the same call may succeed later: the server was away or busy. */
export function isPassing(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  const failure = ConnectError.from(error);
  const passing = [Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted];
  return passing.includes(failure.code) || failure.cause instanceof TypeError;
}
