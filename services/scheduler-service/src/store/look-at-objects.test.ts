import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { ObjectStore } from "@bellwether/object-store/object-store";
import { openObjectStore } from "@bellwether/object-store/open-store";
import { StoreDeniedError, StoreUnavailableError } from "@bellwether/object-store/store-error";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inputState } from "../domain/seen-input.ts";
import { createInputObjects, type InputObjects } from "./input-objects.ts";
import { createObjectLook } from "./look-at-objects.ts";

let folder = "";
let store: ObjectStore;
let inputs: InputObjects;
let failing: Error | null;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-looks-"));
  store = await openObjectStore(`file:${path.join(folder, "store")}`);
  failing = null;
  const watched: ObjectStore = {
    ...store,
    head: (key, options) => (failing ? Promise.reject(failing) : store.head(key, options)),
  };
  inputs = createInputObjects({
    ...{ folder: path.join(folder, "copies"), maxBytes: 1_000, readMs: 60_000 },
    openStore: () => Promise.resolve(watched),
  });
});
afterEach(async () => {
  inputs[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

const URL = "s3://lake/in/week.csv";
const put = (key: string, text = "x") => store.put(key, Buffer.from(text));

describe("without a marker", () => {
  const look = () => createObjectLook({ inputs, needsMarker: false });

  test("an object is whole when two looks find the same entity tag and size", async () => {
    await put("in/week.csv", "one");
    const first = await look()(URL);
    expect(inputState(first, null)).toMatchObject({ kind: "unsettled" });
    const second = await look()(URL);
    if (!first.found || !second.found) throw new Error("the object was not found");
    expect(inputState(second, first.fingerprint)).toMatchObject({ kind: "whole", file: URL });
    await put("in/week.csv", "two");
    expect(inputState(await look()(URL), second.fingerprint)).toMatchObject({ kind: "unsettled" });
  });

  test("an object that is not there is absent; a store that cannot be read leaves it open", async () => {
    expect(inputState(await look()(URL), null)).toMatchObject({ kind: "absent" });
    for (failing of [new StoreUnavailableError(URL, "SlowDown"), new StoreDeniedError(URL, "AccessDenied")]) {
      const state = inputState(await look()(URL), null);
      expect(state).toMatchObject({ kind: "unsettled", reason: expect.stringMatching(/SlowDown|AccessDenied/) });
    }
  });
});

describe("with a marker", () => {
  const state = async (url: string) => inputState(await createObjectLook({ inputs, needsMarker: true })(url), null);

  test("an object is whole when its marker is not older", async () => {
    await put("in/week.csv");
    expect(await state(URL)).toEqual({
      kind: "unsettled",
      reason: "s3://lake/in/week.csv is there, but week.csv.done is not",
    });
    await put("in/week.csv.done");
    expect(await state(URL)).toMatchObject({ kind: "whole" });
    await put("in/week.csv", "again");
    expect(await state(URL)).toMatchObject({ kind: "unsettled", reason: expect.stringContaining("is older than") });
  });

  test("a folder is whole with _SUCCESS in it", async () => {
    await put("in/2026-W47/a.csv");
    expect(await state("s3://lake/in/2026-W47/")).toMatchObject({ kind: "unsettled" });
    await put("in/2026-W47/_SUCCESS");
    expect(await state("s3://lake/in/2026-W47/")).toMatchObject({ kind: "whole" });
  });
});
