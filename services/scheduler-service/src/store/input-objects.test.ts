import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { ObjectInfo, ObjectStore } from "@bellwether/object-store/object-store";
import { openObjectStore } from "@bellwether/object-store/open-store";
import { ObjectChangedError, StoreDeniedError, StoreUnavailableError } from "@bellwether/object-store/store-error";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  DiskError,
  InputChangedError,
  InputNotFoundError,
  InputRejectedError,
  InputUnavailableError,
} from "../domain/scheduler-error.ts";
import { onDisk } from "./disk-error.ts";
import { createInputObjects, type InputObjects, type InputObjectsOptions, sweepInputCopies } from "./input-objects.ts";

let folder = "";
let store: ObjectStore;
let inputs: InputObjects;
/** What a test changes in the store. */
let over: Partial<ObjectStore>;
let gets = 0;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-inputs-"));
  store = await openObjectStore(`file:${path.join(folder, "store")}`);
  [over, gets] = [{}, 0];
  inputs = open();
});
afterEach(async () => {
  inputs[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

const copies = () => path.join(folder, "copies");
function open(options: Partial<InputObjectsOptions> = {}): InputObjects {
  const watched: ObjectStore = {
    ...store,
    get: (key, options) => {
      gets++;
      return store.get(key, options);
    },
  };
  const proxy = new Proxy(watched, { get: (target, name) => Reflect.get({ ...target, ...over }, name) });
  return createInputObjects({
    folder: copies(),
    openStore: () => Promise.resolve(proxy),
    ...{ maxBytes: 1_000, readMs: 60_000 },
    ...options,
  });
}
const put = (key: string, text: string) => store.put(key, Buffer.from(text));
const URL = "s3://lake/in/week.csv?region=eu-west-1";

describe("an object", () => {
  test("is copied once, under its own name, and anew when it was replaced", async () => {
    await put("in/week.csv", "one");
    const local = await inputs.refresh(URL);
    expect([path.basename(local), await readFile(local, "utf8")]).toEqual(["week.csv", "one"]);
    expect(inputs.copied(URL)).toEqual([{ key: "in/week.csv", etag: expect.any(String), bytes: 3 }]);
    expect(await inputs.refresh(URL)).toBe(local);
    expect(gets).toBe(1);
    await put("in/week.csv", "two");
    expect(await inputs.localPath(URL)).toBe(local);
    expect(await readFile(await inputs.refresh(URL), "utf8")).toBe("two");
    expect(await readdir(copies())).toHaveLength(1);
    await inputs.release(URL);
    expect(await readdir(copies())).toEqual([]);
  });

  test("that is replaced while it is copied is copied again, at most three times", async () => {
    await put("in/week.csv", "one");
    let changes = 1;
    const { get } = store;
    over = { get: (...args) => (changes-- > 0 ? Promise.reject(new ObjectChangedError("x")) : get(...args)) };
    expect(await readFile(await inputs.refresh(URL), "utf8")).toBe("one");
    await inputs.release(URL);
    changes = 3;
    await expect(inputs.refresh(URL)).rejects.toThrow(InputChangedError);
    expect(await readdir(copies())).toEqual([]);
  });

  test("is copied up to the limit of bytes", async () => {
    await put("in/week.csv", "x".repeat(1_000));
    await inputs.refresh(URL);
    await put("in/week.csv", "x".repeat(1_001));
    await expect(inputs.refresh(URL)).rejects.toThrow(
      "s3://lake/in/week.csv has 1001 bytes, at most 1000 are read; raise WEEKLY_INPUT_MAX_BYTES",
    );
  });

  test("that does not exist is not found", async () => {
    for (const work of [() => inputs.look(URL), () => inputs.refresh(URL)])
      await expect(work()).rejects.toThrow(InputNotFoundError);
  });
});

describe("a folder of objects", () => {
  const FOLDER = "s3://lake/in/2026-W47/";

  test("is copied with its folders, without markers", async () => {
    for (const name of ["a.csv", "region=EU/b.csv", "_SUCCESS", ".draft"]) await put(`in/2026-W47/${name}`, name);
    await put("in/2026-W470/other.csv", "other");
    const local = await inputs.refresh(FOLDER);
    expect((await readdir(local, { recursive: true })).sort()).toEqual(["a.csv", "region=EU", "region=EU/b.csv"]);
    expect(await readFile(path.join(local, "region=EU/b.csv"), "utf8")).toBe("region=EU/b.csv");
    expect(await inputs.look("s3://lake/in/2026-W47")).toHaveLength(2);
  });

  test("to which an object is added while it is copied is copied again", async () => {
    await put("in/2026-W47/a.csv", "a");
    await put("in/2026-W47/b.csv", "b");
    const { get } = store;
    over = {
      get: async (key, options) => {
        if (key.endsWith("b.csv") && gets++ === 0) await put("in/2026-W47/c.csv", "c");
        return get(key, options);
      },
    };
    expect(await readdir(await inputs.refresh(FOLDER))).toEqual(["a.csv", "b.csv", "c.csv"]);
  });

  test("with a key that leaves the folder, or with too many objects, is rejected", async () => {
    const listing = (keys: readonly string[]) => ({
      async *list(): AsyncGenerator<ObjectInfo> {
        for (const key of keys) yield { key, etag: "e", bytes: 1, modifiedAt: null };
      },
    });
    over = listing(["in/2026-W47/a/../../x"]);
    await expect(inputs.refresh(FOLDER)).rejects.toThrow(InputNotFoundError);
    for (const key of ["in/2026-W47/a//b.csv", "in/2026-W47/a\nb.csv"]) {
      over = listing([key]);
      await expect(inputs.refresh(FOLDER)).rejects.toThrow(InputRejectedError);
    }
    over = listing(Array.from({ length: 1_001 }, (_, i) => `in/2026-W47/${i}.csv`));
    await expect(inputs.look(FOLDER)).rejects.toThrow("more than 1000 objects");
    over = listing(Array.from({ length: 1_000 }, (_, i) => `in/2026-W47/${i}.csv`));
    expect(await inputs.look(FOLDER)).toHaveLength(1_000);
  });
});

describe("a store that", () => {
  test("denies is an error of one line, which nothing repeats", async () => {
    over = { head: () => Promise.reject(new StoreDeniedError("s3://lake/in/week.csv", "AccessDenied")) };
    const error = await inputs.look(URL).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputRejectedError);
    expect(String(error)).toMatch(/cannot be used: s3:\/\/lake\/in\/week.csv: access denied \(AccessDenied\); [^\n]*$/);
  });

  test("is away is an error that a later attempt may not have", async () => {
    over = { head: () => Promise.reject(new StoreUnavailableError("s3://lake/in/week.csv", "SlowDown")) };
    await expect(inputs.look(URL)).rejects.toThrow(InputUnavailableError);
  });

  test("is too slow for the whole input is an error that names the limit", async () => {
    await put("in/week.csv", "one");
    inputs = open({ readMs: 50 });
    over = {
      get: (_, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener("abort", () => reject(options.signal?.reason), { once: true });
        }),
    };
    await expect(inputs.refresh(URL)).rejects.toThrow("was not read within 0.05 s (WEEKLY_INPUT_TIMEOUT)");
  });
});

test("a URL with a secret is rejected, and the error does not show it", async () => {
  for (const url of ["s3://AKIA:hidden@lake/x", "https://a.blob.core.windows.net/c/x?sig=hidden"])
    await expect(inputs.look(url)).rejects.toThrow(/^(?!.*hidden)the weekly file cannot be used/);
});

/** Mounts a small file system in memory. Null when this user may not mount one. */
async function mountSmallDisk(): Promise<(AsyncDisposable & { readonly place: string }) | null> {
  const place = await mkdtemp(path.join(os.tmpdir(), "bellwether-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", place], { stdio: "ignore" });
  } catch {
    await rm(place, { recursive: true });
    return null;
  }
  return {
    place,
    async [Symbol.asyncDispose]() {
      execFileSync("umount", ["-l", place]);
      await rm(place, { recursive: true, force: true });
    },
  };
}

test("a full disk is an error before the first byte, and nothing of the copy remains", async (context) => {
  await using disk = await mountSmallDisk();
  if (disk === null) return context.skip("this user may not mount a file system");
  await put("in/week.csv", "one");
  inputs = open({ folder: path.join(disk.place, "copies") });
  const error = await onDisk("/data/weeks", inputs.refresh(URL)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DiskError);
  expect(String(error)).toContain("the disk is full (ENOSPC); when it can be used again, the run continues");
  expect(await readdir(path.join(disk.place, "copies"))).toEqual([]);
});

test("a path has no objects and no copy", async () => {
  expect(await inputs.look("/data/week.csv")).toEqual([]);
  expect(await inputs.refresh("/data/week.csv")).toBe("/data/week.csv");
});

test("copies of killed processes are removed after a day", async () => {
  const days = (ago: number) => new Date(Date.now() - ago * 24 * 3_600_000);
  for (const [name, ago] of [
    ["old", 1.1],
    ["young", 0.9],
  ] as const) {
    await mkdir(path.join(copies(), name), { recursive: true });
    await writeFile(path.join(copies(), name, "x"), "");
    await utimes(path.join(copies(), name), days(ago), days(ago));
  }
  expect(await sweepInputCopies(copies(), Date.now())).toBe(1);
  expect(await readdir(copies())).toEqual(["young"]);
});
