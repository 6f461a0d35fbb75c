import fc from "fast-check";
import { expect, test } from "vitest";
import { readSmall, SMALL_MAPPING } from "../../test/mapping-fixture.ts";
import { Utf8Check } from "./utf8-check.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");
const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();
const GOOD = "id,delay,amount,late\nMüller,1,10,0\nŽivot,2,20,1\nA“B”,3,30,0\n";
/** `GOOD` in windows-1252. */
const GOOD_1252 = latin1("id,delay,amount,late\nM\xfcller,1,10,0\n\x8eivot,2,20,1\nA\x93B\x94,3,30,0\n");

function read(content: Uint8Array | string, encoding?: string) {
  const mapping =
    encoding && SMALL_MAPPING.replace("file: suppliers.csv", `file: suppliers.csv\n    encoding: ${encoding}`);
  return readSmall({ "suppliers.csv": content }, mapping ? { mapping } : {});
}

test.each([
  ["utf-8", GOOD],
  ["utf-8", `\uFEFF${GOOD}`],
  ["utf-16", Buffer.from(`\uFEFF${GOOD}`, "utf16le")],
  ["utf-16", Buffer.from(GOOD, "utf16le")],
  ["utf-16", utf16be(`\uFEFF${GOOD}`)],
  ["utf-16", utf16be(GOOD)],
  ["windows-1252", GOOD_1252],
])("reads %s when it is declared (%#)", async (encoding, content) => {
  const { table, rejected } = await read(content, encoding);
  expect(table.supplierIds).toEqual(["A“B”", "Müller", "Život"]);
  expect(rejected.count).toBe(0);
});

test("iso-8859-1 and windows-1252 differ only in the bytes 0x80 to 0x9F, which iso-8859-1 does not have", async () => {
  const content = latin1("id,delay,amount,late\nM\xfcller,1,10,0\nS\xf8n,2,20,1\n");
  for (const encoding of ["iso-8859-1", "windows-1252"])
    expect((await read(content, encoding)).table.supplierIds).toEqual(["Müller", "Søn"]);
  await expect(read(GOOD_1252, "iso-8859-1")).rejects.toThrow(
    /line 3 .*looks like windows-1252; set encoding: windows-1252/,
  );
});

test.each([
  [
    "windows-1252",
    GOOD_1252,
    undefined,
    /line 2 .*looks like windows-1252; set encoding: windows-1252 \(.*"Müller,1,10,0"\)/,
  ],
  ["UTF-16 with a mark", Buffer.from(`\uFEFF${GOOD}`, "utf16le"), undefined, /looks like utf-16; set encoding: utf-16/],
  ["UTF-16 without a mark", Buffer.from(GOOD, "utf16le"), undefined, /looks like utf-16; set encoding: utf-16/],
  ["UTF-16, big-endian", utf16be(GOOD), "windows-1252", /looks like utf-16; set encoding: utf-16/],
  ["UTF-8", GOOD, "utf-16", /looks like utf-8; set encoding: utf-8 or leave encoding out/],
  ["UTF-8", GOOD, "windows-1252", /line 2 looks like utf-8/],
  ["UTF-8 with a mark", `\uFEFF${GOOD}`, "iso-8859-1", /looks like utf-8/],
  ["Cyrillic UTF-8", "id,delay,amount,late\nЖук,1,1,0\nКит,2,2,1\n", "windows-1252", /line 2 looks like utf-8/],
  [
    "bytes of no text",
    latin1("\xeb0/\x03\xcd,\x1c\xff\n"),
    undefined,
    /it is not text: line 1 has bytes that are not UTF-8, with control characters/,
  ],
  [
    "two encodings",
    Buffer.concat([Buffer.from(GOOD), latin1("K\xf6ln,1,1,0\n")]),
    undefined,
    /line 5 .*"Köln,1,1,0" in windows-1252, but other lines are UTF-8; save all of it in one encoding/,
  ],
  [
    "two encodings",
    Buffer.concat([latin1("id,delay,amount,late\nK\xf6ln,1,1,0\n"), Buffer.from("Müller,1,1,0\n")]),
    "windows-1252",
    /line 3 looks like utf-8/,
  ],
  [
    "a code page that is none of these",
    latin1("id,delay,amount,late\nM\x81ller,1,1,0\n"),
    undefined,
    /line 2 has bytes that are not UTF-8 .*nor windows-1252/,
  ],
  [
    "half a UTF-16 character",
    Buffer.from(`\uFEFF${GOOD}`, "utf16le").subarray(0, -1),
    "utf-16",
    /it ends with bytes that are not UTF-16/,
  ],
  [
    "a cut UTF-8 character",
    Buffer.from("id,delay,amount,late\ns1,1,1,0\nMü").subarray(0, -1),
    undefined,
    /line 3 has bytes that are not UTF-8/,
  ],
  ["cut gzip without .gz", Buffer.from("1f8b0800", "hex"), undefined, /it is damaged or incomplete gzip data/],
  ["a zip archive", Buffer.from("504b0304", "hex"), undefined, /it is a zip archive; unpack it/],
  ["Parquet", "PAR1....PAR1", undefined, /it is Parquet; set format: parquet/],
])("%s is an error when another encoding is declared (%#)", async (_, content, encoding, expected) => {
  await expect(read(content, encoding)).rejects.toThrow(expected);
});

test("German and French in windows-1252 are not mistaken for UTF-8", async () => {
  const text = "id,delay,amount,late\nSpa\xdf\x85,1,1,0\n\x84MEN\xdc\x93,2,2,1\nSociet\xe0 \xabK\xd6\xbb,3,3,0\n";
  const { table } = await read(latin1(text), "windows-1252");
  expect(table.supplierIds).toEqual(["Società «KÖ»", "Spaß…", "„MENÜ“"]);
});

test("compares header names without regard to kinds of spaces, Unicode composition and a byte order mark", async () => {
  const mapping = SMALL_MAPPING.replace("delay: number", 'delay: { header: "Umsatz (Mio. €)", type: number }').replace(
    "amount: number",
    "amount: { header: Größe, type: number }",
  );
  const header = "\uFEFF id\u200B,\u00A0Umsatz\u00A0 (Mio.\u202F€) ,Gro\u0308ße,late";
  const { table } = await readSmall({ "suppliers.csv": `${header}\ns1,1,10,0\ns2,2,20,1\n` }, { mapping });
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(1, 2));
  const cp1252 = latin1("id,Umsatz (Mio. \x80),Gr\xf6\xdfe,late\ns1,1,10,0\n");
  await expect(readSmall({ "suppliers.csv": cp1252 }, { mapping })).rejects.toThrow(
    /line 1 .*set encoding: windows-1252 .*Umsatz \(Mio\. €\)/,
  );
});

test("every line of a large file is decoded, whatever the sizes of the chunks", () => {
  const text = Buffer.from("aé€😀\n".repeat(50));
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 20 }), fc.nat(text.length - 1), (cuts, at) => {
      const edges = [0, ...cuts, text.length].sort((a, b) => a - b);
      const chunks = (bytes: Buffer) => edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
      const check = new Utf8Check();
      for (const chunk of chunks(text)) expect(check.add(chunk)).toBeNull();
      expect(check.end()).toBeNull();
      const broken = Buffer.from(text);
      broken[at] = 0xff;
      const second = new Utf8Check();
      const violation = chunks(broken).reduce<ReturnType<Utf8Check["add"]>>((found, c) => found ?? second.add(c), null);
      expect(violation ?? second.end()).toMatchObject({
        line: broken.subarray(0, at).filter((b) => b === 0x0a).length + 1,
      });
    }),
    { numRuns: 200, seed: 3 },
  );
});
