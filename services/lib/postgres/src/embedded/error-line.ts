/** Answers to clients that connect too early: no error of the server. */
const TO_CLIENTS = /the database system is (starting up|shutting down|not yet accepting connections)/;
/** From the surest sign of an error to the weakest. */
const SIGNS = [/FATAL|PANIC/, /\berror:|could not/];

/**
 * The line that names the error in what one of PostgreSQL's programs wrote: the first one, because consequences and cleaning up follow it.
 * @returns the last line when none names an error; empty for no text
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
