import { readFileSync } from "node:fs";
import type { CliContext } from "../context/cli-context.ts";

/** Bit of SIGHUP in the signal masks of /proc. */
const HANGUP_BIT = 1n;
const PARENT_LOOK_MS = 500;

/**
 * Returns the signals that ask for a stop. SIGHUP, which a closing terminal sends, is one of them unless it
 * is ignored (nohup).
 */
export function stopSignals(): NodeJS.Signals[] {
  return isHangupIgnored() ? ["SIGINT", "SIGTERM"] : ["SIGINT", "SIGTERM", "SIGHUP"];
}

function isHangupIgnored(): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    return (BigInt(`0x${mask}`) & HANGUP_BIT) !== 0n;
  } catch {
    // This system has no /proc.
    return false;
  }
}

/**
 * Calls `gone` once, when npm or the launcher (bellwether.js) started this process and has ended for any
 * reason. A process that was started in another way may outlive its parent.
 */
export function watchParent({ env }: CliContext, gone: () => void): void {
  if (!env.BELLWETHER_LAUNCHED && !env.npm_lifecycle_event) return;
  // When the launcher started this process, only the launcher is watched: the launcher itself watches npm.
  const look = env.BELLWETHER_LAUNCHED ? () => String(process.ppid) : startersOfNpm;
  // bellwether.js has looked before it loaded this program. The parent may have ended since.
  const before = env.BELLWETHER_LAUNCHED || env.BELLWETHER_STARTED_BY || look();
  const timer = setInterval(() => {
    if (look() === before) return;
    clearInterval(timer);
    gone();
  }, PARENT_LOOK_MS);
  timer.unref();
}

/**
 * Process ids of the parent and of its parent. npm starts a shell, which starts this process. When npm is
 * killed, the shell remains and gets another parent. Without /proc, only the id of the parent.
 */
function startersOfNpm(): string {
  const { ppid } = process;
  try {
    return `${ppid} ${/\) \S (\d+)/.exec(readFileSync(`/proc/${ppid}/stat`, "utf8"))?.[1]}`;
  } catch {
    return String(ppid);
  }
}
