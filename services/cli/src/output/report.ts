import { printableJson, printableLine, printableLines } from "./printable.ts";

/**
 * Output of a command: text for people, or with --json one line of JSON as the last line of standard output.
 */
export interface Report {
  /** Prints one line of text, its control characters and line feeds as escapes; prints nothing with --json. */
  line(text: string): void;
  /**
   * Prints a text of several lines, with other control characters as escapes. Prints nothing with --json. Use it only
   * if all line feeds are from the command: a line feed in data, for example in a name, could show a false line.
   */
  lines(text: string): void;
  /** Prints the result as JSON; prints nothing without --json. */
  json(value: unknown): void;
}

/** Creates a report on standard output. */
export function createReport(options: { readonly json?: boolean }): Report {
  return {
    line: (text) => {
      if (!options.json) process.stdout.write(`${printableLine(text)}\n`);
    },
    lines: (text) => {
      if (!options.json) process.stdout.write(`${printableLines(text)}\n`);
    },
    json: (value) => {
      if (options.json) process.stdout.write(`${printableJson(value)}\n`);
    },
  };
}

/** Shows a progress bar on standard error, when that is a terminal. */
export function showProgress(label: string, done: number, total: number): void {
  if (!process.stderr.isTTY) return;
  const width = 24;
  const filled = total > 0 ? Math.round((width * done) / total) : 0;
  process.stderr.write(
    `\r${label} [${"#".repeat(filled)}${".".repeat(width - filled)}] ${done}/${total}${done >= total ? "\n" : ""}`,
  );
}

/** Prints the current step on standard error, when that is a terminal. */
export function showStep(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
}
