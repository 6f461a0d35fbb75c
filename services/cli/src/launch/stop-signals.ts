import { readFileSync } from "node:fs";
import type { CliContext } from "../context/cli-context.ts";

/** Bit of SIGHUP in the masks of /proc. */
const HANGUP_BIT = 1n;
const PARENT_LOOK_MS = 500;

/** Signals that ask for a stop. A terminal that closes sends SIGHUP, unless whoever started this process has it ignored (nohup). */
export function stopSignals(): NodeJS.Signals[] {
  return isHangupIgnored() ? ["SIGINT", "SIGTERM"] : ["SIGINT", "SIGTERM", "SIGHUP"];
}

function isHangupIgnored(): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    return (BigInt(`0x${mask}`) & HANGUP_BIT) !== 0n;
  } catch {
    // No /proc on this system.
    return false;
  }
}

/**
 * Calls `gone` once when npm, or the launcher of another Node, has ended, however it ended, that started this process and waits for it.
 * Whoever starts it otherwise may leave it behind.
 */
export function watchParent({ env }: CliContext, gone: () => void): void {
  if (!env.BELLWETHER_LAUNCHED && !env.npm_lifecycle_event) return;
  // The launcher watches npm for itself.
  const look = env.BELLWETHER_LAUNCHED ? () => String(process.ppid) : startersOfNpm;
  const before = look();
  const timer = setInterval(() => {
    if (look() === before) return;
    clearInterval(timer);
    gone();
  }, PARENT_LOOK_MS);
  timer.unref();
}

/** npm starts a shell that starts this process, and that shell stays when npm is killed: its parent changes then, where /proc tells it. */
function startersOfNpm(): string {
  const { ppid } = process;
  try {
    return `${ppid} ${/\) \S (\d+)/.exec(readFileSync(`/proc/${ppid}/stat`, "utf8"))?.[1]}`;
  } catch {
    return String(ppid);
  }
}
