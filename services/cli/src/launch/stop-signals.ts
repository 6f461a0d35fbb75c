import { readFileSync } from "node:fs";
import type { CliContext } from "../cli-context.ts";

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

/** Whether npm or the launcher of another Node started this process and waits for it: it must not outlive them. */
export const isLaunched = ({ env }: CliContext): boolean => Boolean(env.npm_lifecycle_event || env.BELLWETHER_LAUNCHED);

/** Calls `gone` once when the process that started this one has ended, however it ended. */
export function watchParent(gone: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, PARENT_LOOK_MS);
  timer.unref();
}
