/** What a command says: text for people, or one line of JSON, last on standard output. */
export interface Report {
  /** A line of the result for people; nothing under --json. */
  line(text: string): void;
  /** The result as JSON; nothing without --json. */
  json(value: unknown): void;
}

/** A report on standard output. */
export function createReport(options: { readonly json?: boolean }): Report {
  return {
    line: (text) => {
      if (!options.json) process.stdout.write(`${text}\n`);
    },
    json: (value) => {
      if (options.json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
  };
}

/** Shows how far a long work is, on one line of a terminal and nowhere else. */
export function showProgress(label: string, done: number, total: number): void {
  if (!process.stderr.isTTY) return;
  const width = 24;
  const filled = total > 0 ? Math.round((width * done) / total) : 0;
  process.stderr.write(
    `\r${label} [${"#".repeat(filled)}${".".repeat(width - filled)}] ${done}/${total}${done >= total ? "\n" : ""}`,
  );
}

/** Says what is being done, on a terminal only. */
export function showStep(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
}
