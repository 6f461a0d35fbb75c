/** The form of an error in a log line. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  /** The stack frames, without the message. */
  readonly stack?: string;
  readonly cause?: LoggedError;
}

const MAX_MESSAGE_CHARACTERS = 500;
const MAX_FRAMES = 20;
const MAX_CAUSES = 4;
/** SQLSTATE class of data exceptions: their messages quote the invalid value. */
const DATA_EXCEPTION = /^22...$/;

/**
 * Returns an error's type, message, code, frames and causes, and no other property: drivers add queries,
 * parameters and rows to their errors. The message of a failed query loses its parameters. A message that
 * quotes an invalid value is cut before the quotation.
 */
export function errorForLog(error: unknown, causes = MAX_CAUSES): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: "the thrown value is not an Error" };
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
  // drizzle's message: the statement with placeholders, then a line with the parameters.
  if ("params" in error && "query" in error) return `Failed query: ${error.query}`;
  const isDataException = DATA_EXCEPTION.test(String(codeOf(error)));
  return isDataException ? error.message.replace(/".*/s, "…") : error.message;
}

/** A stack begins with the message, which may have several lines. */
function framesOf(stack: string): string {
  const frames = stack.split("\n").filter((line) => /^ {4}at /.test(line));
  return frames.slice(0, MAX_FRAMES).join("\n");
}
