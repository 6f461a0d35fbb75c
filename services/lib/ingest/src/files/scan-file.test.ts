import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { dataFolder } from "../../test/mapping-fixture.ts";
import { SourceError } from "../ingest-errors.ts";
import { scanFile } from "./scan-file.ts";

async function scan(content: string | Uint8Array, name = "x.csv", maxBytes = 1e9) {
  await using folder = await dataFolder({ [name]: content });
  return await scanFile("s", { name, path: join(folder.path, name) }, maxBytes);
}

test("the digest is of the stored file, size and head are of its unpacked content", async () => {
  const packed = gzipSync("a,b\n1,2\n");
  const got = await scan(packed, "x.csv.gz");
  expect(got).toMatchObject({ bytes: 8, digest: createHash("sha256").update(packed).digest("hex") });
  expect(got.head.toString()).toBe("a,b\n1,2\n");
});

test("rejects damaged gzip and a file over the limit, with their names", async () => {
  await expect(scan("\x1f\u008b not gzip at all", "x.csv.gz")).resolves.toMatchObject({ compression: "none" });
  await expect(scan(Buffer.from("\x1f\x8b not gzip", "latin1"), "x.csv.gz")).rejects.toThrow(
    /x\.csv\.gz.*damaged or incomplete gzip data \(.*\); copy or export it again$/,
  );
  await expect(scan(gzipSync("a".repeat(1000)).subarray(0, 20), "x.csv.gz")).rejects.toThrow(SourceError);
  await expect(scan(gzipSync("a".repeat(1_000_000)), "bomb.csv.gz", 100_000)).rejects.toThrow(
    /larger than the 100000 bytes of INGEST_MAX_FILE_BYTES/,
  );
  expect((await scan("a".repeat(100), "x.csv", 100)).bytes).toBe(100);
  await expect(scan("a".repeat(101), "x.csv", 100)).rejects.toThrow(SourceError);
});
