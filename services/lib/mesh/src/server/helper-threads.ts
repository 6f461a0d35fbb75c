import { readdirSync, readFileSync } from "node:fs";
import os from "node:os";

const TASKS = "/proc/self/task";
/** What Node calls V8's threads, which mark and sweep, scavenge and compile beside the one that serves. */
const V8_HELPER = "V8Worker";
const NICE = 10;

/** This process's V8 helper threads, by the number that the system knows them by; none where the system is not Linux. */
export function helperThreads(): readonly number[] {
  try {
    const tasks = readdirSync(TASKS);
    return tasks.filter((task) => readFileSync(`${TASKS}/${task}/comm`, "utf8").trim() === V8_HELPER).map(Number);
  } catch {
    return [];
  }
}

/**
 * Lets V8's helper threads yield to the one that serves, until the process ends: only root could take it back. With the same priority,
 * four of them take most of a single core while they mark, and every call is late (docs/decisions/0003). A cold server needs them to
 * compile, so this is for one that is overloaded. Where a core is idle they lose nothing.
 */
export function yieldToServing(): void {
  for (const thread of helperThreads()) {
    try {
      os.setPriority(thread, NICE);
    } catch {
      // A sandbox forbids it: the server is as it would be without.
    }
  }
}
