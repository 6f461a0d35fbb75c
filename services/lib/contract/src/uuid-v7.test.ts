import { expect, test } from "vitest";
import { newUuidV7 } from "./uuid-v7.ts";

test("ids are UUIDs of version 7 that sort by time, and no id repeats", () => {
  const ids = Array.from({ length: 1_000 }, (_, i) => newUuidV7(1_700_000_000_000 + i));
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.toSorted()).toEqual(ids);
  const atOnce = Array.from({ length: 1_000 }, () => newUuidV7(1_700_000_000_000));
  expect(new Set(atOnce).size).toBe(1_000);
});
