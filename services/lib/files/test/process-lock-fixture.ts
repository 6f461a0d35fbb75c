import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { ProcessLockedError, takeProcessLock } from "../src/process-lock.ts";

// A process that waits for a line on stdin, takes the lock as soon as it is free, records when it takes and
// releases it, and is killed while it still holds it.
const [lock = "", log = ""] = process.argv.slice(2);
process.send?.("ready");
await once(process, "message");
while (!(await isTaken())) await pause(Math.random());
appendFileSync(log, `in ${process.pid}\n`);
await pause(2);
appendFileSync(log, `out ${process.pid}\n`);
process.kill(process.pid, "SIGKILL");

async function isTaken(): Promise<boolean> {
  try {
    await takeProcessLock(lock);
    return true;
  } catch (error) {
    if (error instanceof ProcessLockedError) return false;
    throw error;
  }
}
