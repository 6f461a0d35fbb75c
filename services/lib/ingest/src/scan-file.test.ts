import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { SourceError } from "./ingest-errors.ts";
import { dataFolder } from "./mapping-fixture.ts";
import { copyWithLf, scanFile } from "./scan-file.ts";

async function scan(content: string | Uint8Array, name = "x.csv", maxBytes = 1e9) {
  await using folder = await dataFolder({ [name]: content });
  return await scanFile("s", { name, path: join(folder.path, name) }, maxBytes);
}

test.each([
  ["", 0, "lf"],
  ["a", 1, "lf"],
  ["a\nb\n", 2, "lf"],
  ["a\n\n\nb", 2, "lf"],
  ["a\r\n\r\nb\r\n", 2, "crlf"],
  ["a\r\nb\nc\r\n", 3, "mixed"],
  ["a\rb\rc", 1, "cr"],
  ["\n\n", 0, "lf"],
])("%j has %i lines that are not blank and line ends %s", async (text, lines, lineEnds) => {
  expect(await scan(text)).toMatchObject({ lines, lineEnds, bytes: text.length });
});

test("counts the same across the borders of what is read at once", async () => {
  const line = `${"x".repeat(1000)}\r\n`;
  expect(await scan(line.repeat(5000))).toMatchObject({ lines: 5000, lineEnds: "crlf" });
});

test("the digest is that of the file as stored, size and head are those of its content", async () => {
  const packed = gzipSync("a,b\n1,2\n");
  const got = await scan(packed, "x.csv.gz");
  expect(got).toMatchObject({ bytes: 8, lines: 2, digest: createHash("sha256").update(packed).digest("hex") });
  expect(got.head.toString()).toBe("a,b\n1,2\n");
});

test("damaged gzip and a file over the limit are refused by name", async () => {
  await expect(scan("not gzip at all", "x.csv.gz")).rejects.toThrow(/x\.csv\.gz.*not whole gzip/);
  await expect(scan(gzipSync("a".repeat(1000)).subarray(0, 20), "x.csv.gz")).rejects.toThrow(SourceError);
  await expect(scan(gzipSync("a".repeat(1_000_000)), "bomb.csv.gz", 100_000)).rejects.toThrow(
    /larger than 100000 bytes/,
  );
  expect((await scan("a".repeat(100), "x.csv", 100)).bytes).toBe(100);
  await expect(scan("a".repeat(101), "x.csv", 100)).rejects.toThrow(SourceError);
});

test.each([
  ["mixed", "a\r\nb\nc\rd\r\n", "a\nb\nc\rd\n", 3],
  ["cr", "a\rb\r\rc", "a\nb\n\nc", 3],
] as const)("a copy of %s line ends has LF alone", async (lineEnds, text, expected, lines) => {
  await using folder = await dataFolder({ "x.csv": `é${text}` });
  const target = join(folder.path, "copy.csv");
  const copied = await copyWithLf("s", { name: "x.csv", path: join(folder.path, "x.csv") }, lineEnds, target);
  expect(await readFile(target, "utf8")).toBe(`é${expected}`);
  expect(copied.lines).toBe(lines);
});
