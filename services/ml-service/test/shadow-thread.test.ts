import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import { expect, test } from "vitest";
import type { ShadowRow } from "../src/domain/shadow.ts";
import { startShadowThread } from "../src/shadow/shadow-thread.ts";
import type { ShadowVersions } from "../src/shadow/shadow-worker.ts";

const SCRIPT = new URL("./broken-shadow-thread.ts", import.meta.url);
const ROW: ShadowRow = {
  ...{ supplierId: "S", atMs: 0, input: { features: {}, categories: {}, text: "" } },
  champion: { value: 0.5, band: "medium", reasons: null },
};
const VERSION: StoredVersion = JSON.parse("{}");
const broken = (behavior: string, taskMs = 60_000) => {
  const versions: ShadowVersions = { champion: VERSION, challenger: VERSION };
  return startShadowThread({ ...versions, ...{ behavior } }, { openMs: 60_000, taskMs }, SCRIPT);
};

test("a thread that ends while it starts rejects with the reason", async () => {
  await using thread = broken("ends at the start");
  await expect(thread.opened).rejects.toMatchObject({
    reason: "thread_ended",
    message: "its thread ended: out of memory",
  });
  await expect(thread.score([ROW])).rejects.toMatchObject({ reason: "thread_ended" });
});

test("a thread that ends during a task rejects the task", async () => {
  await using thread = broken("ends with a task");
  await thread.opened;
  await expect(thread.score([ROW])).rejects.toMatchObject({
    reason: "thread_ended",
    message: "its thread exited with 7",
  });
});

test("a thread that computes without end is ended at its time limit", async () => {
  await using thread = broken("is silent", 200);
  await thread.opened;
  await expect(thread.score([ROW])).rejects.toMatchObject({ reason: "thread_silent" });
  await expect(thread.score([ROW])).rejects.toMatchObject({ reason: "thread_silent" });
});
