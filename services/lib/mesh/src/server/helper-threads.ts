import { readdirSync, readFileSync } from "node:fs";
import os from "node:os";

const TASKS = "/proc/self/task";
/** Node's name for V8's threads, which mark, sweep, scavenge and compile in parallel with the main thread. */
const V8_HELPER = "V8Worker";
const NICE = 10;

/** Returns the system's ids of this process's V8 helper threads; empty when the system is not Linux. */
export function helperThreads(): readonly number[] {
  try {
    const tasks = readdirSync(TASKS);
    return tasks.filter((task) => readFileSync(`${TASKS}/${task}/comm`, "utf8").trim() === V8_HELPER).map(Number);
  } catch {
    return [];
  }
}

/**
 * Lowers the priority of V8's helper threads below the main thread's, until the process ends: only root could
 * restore it. At equal priority, four of them take most of a single core while they mark, and every call is
 * late (docs/decisions/0003). A server that has just started needs them to compile, so this function is for
 * an overloaded server. With an idle core they lose nothing.
 */
export function yieldToServing(): void {
  for (const thread of helperThreads()) {
    try {
      os.setPriority(thread, NICE);
    } catch {
      // A sandbox may forbid setting priorities. The server then runs with unchanged priorities.
    }
  }
}
