/** An error as a log line tells it. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  /** Where it was thrown, without the message. */
  readonly stack?: string;
  readonly cause?: LoggedError;
}

const MAX_MESSAGE_CHARACTERS = 500;
const MAX_FRAMES = 20;
const MAX_CAUSES = 4;
/** Class of the SQLSTATEs whose messages quote the value at fault: data exceptions. */
const DATA_EXCEPTION = /^22...$/;

/**
 * Tells an error's kind, message, code, frames and causes, and nothing else of it: drivers hang queries, parameters and rows on
 * theirs. Messages of failed queries lose the parameters, and those that quote a value at fault lose the quotation.
 */
export function errorForLog(error: unknown, causes = MAX_CAUSES): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: "something that is no Error was thrown" };
  const { cause } = error;
  const code = codeOf(error);
  return {
    type: error.name === "Error" ? error.constructor.name : error.name,
    message: messageOf(error).slice(0, MAX_MESSAGE_CHARACTERS),
    ...(code !== undefined && { code }),
    ...(error.stack !== undefined && { stack: framesOf(error.stack) }),
    ...(cause !== undefined && causes > 0 && { cause: errorForLog(cause, causes - 1) }),
  };
}

function codeOf(error: Error): string | number | undefined {
  const code: unknown = "code" in error ? error.code : undefined;
  return typeof code === "string" || typeof code === "number" ? code : undefined;
}

function messageOf(error: Error): string {
  // drizzle's: the statement with placeholders, then a line with the parameters
  if ("params" in error && "query" in error) return `Failed query: ${error.query}`;
  const isDataException = DATA_EXCEPTION.test(String(codeOf(error)));
  return isDataException ? error.message.replace(/".*/s, "…") : error.message;
}

/** A stack begins with the message, which may be of many lines. */
function framesOf(stack: string): string {
  const frames = stack.split("\n").filter((line) => /^ {4}at /.test(line));
  return frames.slice(0, MAX_FRAMES).join("\n");
}
