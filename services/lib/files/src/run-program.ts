import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

/** The program ended with an exit code other than 0; the message is the program's stderr. */
export class ProgramError extends Error {
  override readonly name = "ProgramError" as const;
}

const MAX_OUTPUT_CHARS = 65_536;
/** A program that ignores SIGTERM is killed after this time. */
const STOP_MS = 5_000;

/**
 * Runs a program to its end in its own process group: the SIGINT that a terminal sends to the whole group on
 * Ctrl-C does not reach it. Its stdout is not read.
 * @param signal Ends the program and its whole process group.
 * @throws ProgramError when it fails; the reason of `signal`, after the program has ended
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "uid" | "gid" | "cwd" | "env">,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const child = spawn(file, args, { ...options, detached: true, stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (output.length < MAX_OUTPUT_CHARS) output += text;
  });
  let late: NodeJS.Timeout | undefined;
  const stop = () => {
    endGroup(child.pid, "SIGTERM");
    late = setTimeout(() => endGroup(child.pid, "SIGKILL"), STOP_MS);
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const [code, by] = await once(child, "close");
    if (code === 0) return;
    signal?.throwIfAborted();
    throw new ProgramError(output.trim() || `${path.basename(file)} ended with ${by ?? `exit code ${code}`}`);
  } finally {
    signal?.removeEventListener("abort", stop);
    clearTimeout(late);
  }
}

function endGroup(pid: number | undefined, by: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, by);
  } catch {
    // The process group has already ended.
  }
}
