import { randomBytes, randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import type { ObjectInfo, ObjectStore } from "../src/object-store.ts";
import { ObjectChangedError, ObjectConditionError, ObjectKeyError, ObjectNotFoundError } from "../src/store-error.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const MIB = 1024 * 1024;

/** Reads an object whole, as text. */
export async function textOf(store: ObjectStore, key: string): Promise<string> {
  return (await buffer((await store.get(key)).chunks)).toString();
}

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function listed(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/**
 * Registers the tests that every kind of store passes.
 * @param storeOf returns the store of the running test; `null` skips the test
 */
export function testStore(kind: string, storeOf: () => ObjectStore | null): void {
  const it = (name: string, work: (store: ObjectStore, key: string) => Promise<void>): void =>
    test(`${kind}: ${name}`, { timeout: 60_000 }, async (context) => {
      const store = storeOf();
      if (store === null) return context.skip(`${kind} is not available`);
      await work(store, `case-${randomUUID()}`);
    });

  it("what is put is read back, with the same entity tag and size", async (store, key) => {
    const put = await store.put(`${key}/a b.txt`, bytesOf("one"), { contentType: "text/plain" });
    const head = await store.head(`${key}/a b.txt`);
    expect(head).toMatchObject({ key: `${key}/a b.txt`, etag: put.etag, bytes: 3 });
    expect(head.modifiedAt?.getTime()).toBeGreaterThan(Date.now() - 3_600_000);
    const { info, chunks } = await store.get(`${key}/a b.txt`, { etag: put.etag });
    expect((await buffer(chunks)).toString()).toBe("one");
    expect(info).toMatchObject({ etag: put.etag, bytes: 3 });
  });

  it("another content has another entity tag", async (store, key) => {
    const first = await store.put(key, bytesOf("one"));
    const second = await store.put(key, bytesOf("two"));
    expect(second.etag).not.toBe(first.etag);
    expect(await textOf(store, key)).toBe("two");
  });

  it("an empty object is stored and read", async (store, key) => {
    await store.put(key, new Uint8Array());
    expect(await store.head(key)).toMatchObject({ bytes: 0 });
    expect(await textOf(store, key)).toBe("");
  });

  it("a range is read", async (store, key) => {
    await store.put(key, bytesOf("0123456789"));
    const middle = await store.get(key, { start: 3, end: 6 });
    expect((await buffer(middle.chunks)).toString()).toBe("345");
    expect(middle.info.bytes).toBe(10);
    expect((await buffer((await store.get(key, { start: 8 })).chunks)).toString()).toBe("89");
    await expect(store.get(key, { start: 4, end: 4 })).rejects.toThrow(RangeError);
  });

  it("a key without an object is an error that names it", async (store, key) => {
    for (const work of [() => store.head(key), () => store.get(key)]) {
      const error = await work().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ObjectNotFoundError);
      expect(String(error)).toContain(`${store.address}/${key} does not exist`);
    }
    await store.delete(key);
  });

  it("a read that expects another entity tag is rejected", async (store, key) => {
    const old = await store.put(key, bytesOf("one"));
    await store.put(key, bytesOf("two"));
    await expect(store.get(key, { etag: old.etag })).rejects.toThrow(ObjectChangedError);
  });

  it("a conditional write stores only if its condition holds", async (store, key) => {
    const absent = { condition: { absent: true } } as const;
    const first = await store.put(key, bytesOf("one"), absent);
    await expect(store.put(key, bytesOf("two"), absent)).rejects.toThrow(ObjectConditionError);
    const second = await store.put(key, bytesOf("three"), { condition: { etag: first.etag } });
    await expect(store.put(key, bytesOf("four"), { condition: { etag: first.etag } })).rejects.toThrow(
      ObjectConditionError,
    );
    expect(await textOf(store, key)).toBe("three");
    await expect(store.delete(key, { condition: { etag: first.etag } })).rejects.toThrow(ObjectConditionError);
    await store.delete(key, { condition: { etag: second.etag } });
    await expect(store.head(key)).rejects.toThrow(ObjectNotFoundError);
    await expect(store.put(key, bytesOf("five"), { condition: { etag: second.etag } })).rejects.toThrow(
      /was not written|does not exist/,
    );
    await store.put(key, bytesOf("six"), absent);
  });

  it("of many writers of a new object exactly one wins, and the object is the winner's", async (store, key) => {
    const writers = Array.from({ length: 8 }, (_, i) => `writer ${i}`);
    const results = await Promise.allSettled(
      writers.map((name) => store.put(key, bytesOf(name), { condition: { absent: true } })),
    );
    const won = writers.filter((_, i) => results[i]?.status === "fulfilled");
    expect(won).toHaveLength(1);
    expect(await textOf(store, key)).toBe(won[0]);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(ObjectConditionError);
  });

  it("of many writers that replace the same version exactly one wins", async (store, key) => {
    const { etag } = await store.put(key, bytesOf("old"));
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => store.put(key, bytesOf(`new ${i}`), { condition: { etag } })),
    );
    const won = results.findIndex(({ status }) => status === "fulfilled");
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await textOf(store, key)).toBe(`new ${won}`);
  });

  it("a large content is streamed in parts, also with a condition", async (store, key) => {
    const content = randomBytes(20 * MIB + 7);
    const put = await store.put(key, chunksOf(content, 777_777), { condition: { absent: true } });
    expect(put.bytes).toBe(content.length);
    expect((await buffer((await store.get(key)).chunks)).equals(content)).toBe(true);
    expect(await store.head(key)).toMatchObject({ etag: put.etag, bytes: content.length });
    await expect(store.put(key, chunksOf(content, MIB), { condition: { absent: true } })).rejects.toThrow(
      ObjectConditionError,
    );
    const slice = await store.get(key, { start: 9 * MIB, end: 9 * MIB + 1_000 });
    expect((await buffer(slice.chunks)).equals(content.subarray(9 * MIB, 9 * MIB + 1_000))).toBe(true);
  });

  it("a content that fails halfway stores nothing", async (store, key) => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 20; i++) yield new Uint8Array(MIB);
      throw new Error("the source is gone");
    }
    await expect(store.put(key, failing())).rejects.toThrow("the source is gone");
    await expect(store.head(key)).rejects.toThrow(ObjectNotFoundError);
  });

  it("lists what begins with a prefix, in the order of the keys", async (store, key) => {
    for (const name of ["b/2", "b/10", "b-1", "b.x", "a", "c/d/e"]) await store.put(`${key}/${name}`, bytesOf(name));
    expect(await listed(store, `${key}/`)).toEqual(
      ["a", "b-1", "b.x", "b/10", "b/2", "c/d/e"].map((name) => `${key}/${name}`),
    );
    expect(await listed(store, `${key}/b/`)).toEqual([`${key}/b/10`, `${key}/b/2`]);
    expect(await listed(store, `${key}/b`)).toHaveLength(4);
    expect(await listed(store, `${key}/none`)).toEqual([]);
    const found: ObjectInfo[] = [];
    for await (const info of store.list(`${key}/c`)) found.push(info);
    expect(found[0]).toEqual({ ...(await store.head(`${key}/c/d/e`)), modifiedAt: expect.any(Date) });
  });

  it("lists the folders in a folder, each once", async (store, key) => {
    for (const name of ["b/2", "b/10", "b-1", "a/x/y", "a.d/e", "c"]) await store.put(`${key}/${name}`, bytesOf(name));
    const folders: string[] = [];
    for await (const name of store.folders(`${key}/`)) folders.push(name);
    expect(folders).toEqual(["a.d", "a", "b"]);
    for await (const name of store.folders(`${key}/none/`)) throw new Error(`${name} is not expected`);
    const top: string[] = [];
    for await (const name of store.folders("")) top.push(name);
    expect(top).toContain(key);
    await expect(store.folders(key)[Symbol.asyncIterator]().next()).rejects.toThrow(ObjectKeyError);
  });

  it("a key that leaves the prefix or that file systems cannot have is rejected", async (store) => {
    for (const key of [
      "",
      "../x",
      "a/../b",
      "/a",
      "a/",
      "a//b",
      "a\nb",
      "a\0b",
      ".bellwether-store/x",
      "x".repeat(1025),
    ])
      for (const work of [() => store.head(key), () => store.put(key, new Uint8Array()), () => store.delete(key)])
        await expect(work()).rejects.toThrow(ObjectKeyError);
  });

  it("a call that the caller ends has the reason of the caller", async (store, key) => {
    await expect(store.head(key, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
}
