import { expect, it } from "vitest";
import { errorLine } from "./error-line.ts";

it("returns initdb's line about the full disk, not the lines after it", () => {
  const text = `2026-11-28 18:03:30.747 UTC [30114] FATAL:  could not extend file "base/1/2691": No space left on device
2026-11-28 18:03:30.747 UTC [30114] HINT:  Check free disk space.
2026-11-28 18:03:30.747 UTC [30114] PANIC:  cannot abort transaction 1, it was already committed
Aborted
child process exited with exit code 134
initdb: removing data directory "/data/cluster"
`;
  expect(errorLine(text)).toMatch(/FATAL: {2}could not extend file .* No space left on device$/);
});

it("returns an error of initdb itself", () => {
  const text = `initdb: error: could not create directory "/data/cluster/pg_wal": No space left on device
initdb: removing data directory "/data/cluster"`;
  expect(errorLine(text)).toMatch(/^initdb: error: .* No space left on device$/);
});

it("prefers the server's FATAL line to warnings and to pg_ctl's summary", () => {
  const text = `LOG:  could not open usermap file
FATAL:  the database system is starting up
FATAL:  data directory "/data/cluster" has invalid permissions
pg_ctl: could not start server
Examine the log output.`;
  expect(errorLine(text)).toBe('FATAL:  data directory "/data/cluster" has invalid permissions');
});

it("returns the last line when no line names an error", () => {
  expect(errorLine('waiting\npg_ctl: invalid data in PID file "postmaster.pid"\n\n')).toBe(
    'pg_ctl: invalid data in PID file "postmaster.pid"',
  );
  expect(errorLine("\n")).toBe("");
});
