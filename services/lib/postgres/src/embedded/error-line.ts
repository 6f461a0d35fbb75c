/** The server's answers to clients that connect too early: these are not errors of the server. */
const TO_CLIENTS = /the database system is (starting up|shutting down|not yet accepting connections)/;
/** Patterns of error lines, the most reliable first. */
const SIGNS = [/FATAL|PANIC/, /\berror:|could not/];

/**
 * Returns the line that names the error in the output of a PostgreSQL program. It is the first such line,
 * because consequences and cleanup follow it.
 * @returns the last line when no line names an error; empty for an empty text
 */
export function errorLine(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !TO_CLIENTS.test(line));
  for (const sign of SIGNS) {
    const found = lines.find((line) => sign.test(line));
    if (found !== undefined) return found;
  }
  return lines.at(-1) ?? "";
}
