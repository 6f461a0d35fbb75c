import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { openObjectStore } from "../src/open-store.ts";
import { ObjectConditionError, ObjectNotFoundError } from "../src/store-error.ts";

// A process that adds 1 to an object with conditional writes, `adds` times, records its additions, and is killed during one more.
// With `adds` 0 it creates the object once and records whether it won.
const [folder = "", key = "", addsText = "0"] = process.argv.slice(2);
const adds = Number(addsText);
const store = await openObjectStore(`file:${folder}`);
const record = (content: string): void => writeFileSync(path.join(folder, `done-${process.pid}`), content);
process.send?.("ready");
await once(process, "message");
if (adds === 0) {
  const result = await store.put(key, Buffer.from(String(process.pid)), { condition: { absent: true } }).then(
    () => "won",
    (error: Error) => error.name,
  );
  record(result);
  process.exit(0);
}
for (let done = 0; ; ) {
  if (!(await addOne())) continue;
  done++;
  record(String(done));
  if (done === adds) setTimeout(() => process.kill(process.pid, "SIGKILL"), Math.random() * 3);
}

async function addOne(): Promise<boolean> {
  try {
    const found = await store.get(key).catch((error: unknown) => {
      if (error instanceof ObjectNotFoundError) return null;
      throw error;
    });
    const value = found === null ? 0 : Number(await text(found.chunks));
    const condition = found === null ? ({ absent: true } as const) : { etag: found.info.etag };
    await store.put(key, Buffer.from(String(value + 1)), { condition });
    return true;
  } catch (error) {
    if (error instanceof ObjectConditionError) return false;
    throw error;
  }
}
