import fc from "fast-check";
import { expect, test } from "vitest";
import { readSmall, SMALL_MAPPING } from "../../test/mapping-fixture.ts";

const HEADER = "id,delay,amount,late,note";
const MAPPING = SMALL_MAPPING.replace("late: integer }", "late: integer, note: text }")
  .replace("display_name: id, exposure", "display_name: note, exposure")
  .replace(
    "select id as supplier_id, late from suppliers",
    "select distinct id as supplier_id, 0 as late from suppliers",
  );

/**
 * Reads a file with the columns id, delay, amount, late and note, and checks that every row that is not
 * rejected is accepted.
 */
async function read(content: string | Uint8Array, limits = {}) {
  const result = await readSmall({ "suppliers.csv": content }, { mapping: MAPPING, limits });
  const [source] = result.sources;
  if (!source) throw new Error("the fixture has a source");
  const { rejected } = result;
  expect(source.read).toBe(source.rows + source.rejected);
  expect(rejected.bySource.suppliers ?? 0).toBe(source.rejected);
  expect(rejected.reasons.reduce((sum, { rows }) => sum + rows, 0)).toBe(rejected.count);
  return { ...result, source, ids: result.table.supplierIds };
}

const row = (id: string, note = "n") => `${id},1,1,0,${note}`;

test("a CR inside a value of a file with LF line ends is part of the value", async () => {
  const { ids, source } = await read(`${HEADER}\n${row("s1", "A\rB")}\n${row("s\r2")}\n${row("s3")}\n`);
  expect(ids).toEqual(["s\r2", "s1", "s3"]);
  expect(source).toMatchObject({ read: 3, rejected: 0 });
});

test("CRs before an LF belong to the line end, inside quotes they are kept", async () => {
  const { ids, source } = await read(`${HEADER}\r\r\n${row("s1")}\r\r\n\r\r\n"s\r\r\n2",1,1,0,n\r\r\n${row("s3")}\r`);
  expect(ids).toEqual(["s\r\r\n2", "s1", "s3"]);
  expect(source).toMatchObject({ read: 3, rejected: 0 });
});

test("CRs are line ends when only they make rows of the header's width", async () => {
  const { ids, source } = await read(`${HEADER}\n${row("s1")}\r${row("s2")}\r${row("s3")}\n${row("s4")}\nshort\rx\n`);
  expect(ids).toEqual(["s1", "s2", "s3", "s4"]);
  expect(source).toMatchObject({ read: 5, rejected: 1 });
});

test("a file with more CRs than LFs has CR line ends, also after the header", async () => {
  const { ids, source } = await read(`${HEADER}\r${row("s1")}\r"s2",1,1,0,"a\rb"\r${row("s3")}\n`);
  expect(ids).toEqual(["s1", "s2", "s3"]);
  expect(source).toMatchObject({ read: 3, rejected: 0 });
});

test("LF and CR LF may be mixed, and the last line end may be missing", async () => {
  const { ids, source } = await read(`${HEADER}\n${row("s1")}\r\n${row("s2")}\n\n${row("s3")}`);
  expect(ids).toEqual(["s1", "s2", "s3"]);
  expect(source).toMatchObject({ read: 3, rejected: 0 });
});

test("rejects a row with a NUL byte and reports its line", async () => {
  const { ids, rejected } = await read(`${HEADER}\n${row("s1")}\n${row("s2", "a\0b")}\n${row("s3")}\n`);
  expect(ids).toEqual(["s1", "s3"]);
  expect(rejected).toMatchObject({ count: 1, samples: [{ line: 3, reason: "a NUL byte", text: row("s2", "a\0b") }] });
});

test("rejects lines inside a quoted value that look like rows, but not a text of several lines", async () => {
  const open = `${row("s1")}\n"s2,1,1,0,n\n${row("s3")}\ns4",1,1,0,n\n`;
  const { ids, rejected } = await read(`${HEADER}\n${open}${row("s5", '"a, b, c, d, e\n1\n\nf, g"')}\n${row("s6")}\n`);
  expect(ids).toEqual(["s1", "s5", "s6"]);
  expect(rejected).toMatchObject({ count: 3, samples: [{ line: 3, column: "id" }] });
  expect(rejected.samples[0]?.reason).toBe(
    "a quoted value with lines that look like rows; the quote opens in line 3; 3 lines from 3 to 5 are rejected with it",
  );
});

test("a quote that is still open at the end of the file rejects the lines after it", async () => {
  const { ids, rejected } = await read(
    `${HEADER}\n${row("s1")}\n${row("s2")}\n${row("s3")}\n${row("s4", '"open')}\n${row("s5")}\n${row("s6")}`,
  );
  expect(ids).toEqual(["s1", "s2", "s3"]);
  expect(rejected).toMatchObject({ count: 3, samples: [{ line: 5, column: "note" }] });
});

test("the lines after one open quote in a large file are counted as rejected, and the other rows are read", async () => {
  const quoted = (i: number) => row(`s${i}`, i % 1000 === 0 ? `"Firm, ${i}"` : "firm");
  const lines = Array.from({ length: 40_000 }, (_, i) => (i === 20_001 ? row(`s${i}`, '"Firm') : quoted(i)));
  const { ids, source, rejected } = await read(`${HEADER}\n${lines.join("\n")}\n`);
  expect(source).toMatchObject({ read: 40_000, rejected: 1000 });
  expect(ids).toHaveLength(39_000);
  expect(rejected.samples).toHaveLength(1);
  expect(rejected.samples[0]).toMatchObject({ line: 20_003, column: "note" });
  expect(rejected.samples[0]?.text).toMatch(/^s20001,1,1,0,"Firm\n/);
});

test("each reason has a sample, however many rows an earlier reason has", async () => {
  const bad = Array.from({ length: 30 }, (_, i) => `b${i},x,1,0,n`);
  const rest = ["short", row("s1", "a\0b"), "c1,1,y,0,n", '"s2"x,1,1,0,n', "short"];
  const { rejected } = await read(`${HEADER}\n${[...bad, ...rest].join("\n")}\n${row("s3")}\n`, {
    maxRejectedShare: 1,
  });
  expect(rejected.count).toBe(35);
  expect(rejected.samples).toHaveLength(20);
  expect(rejected.samples.slice(-5).map(({ line, column }) => [line, column])).toEqual([
    [17, "delay"],
    [32, "delay"],
    [33, null],
    [34, "amount"],
    [35, "id"],
  ]);
});

test("samples have the line number of the original file, whatever comes before them", async () => {
  const before = `\uFEFF\n${HEADER}\n\n${row("s1", '"two\n\nlines"')}\r\n${row("s2", "a\rb")}\n`;
  const { rejected } = await read(`${before}s3,x,1,0,n\nshort\n${row("s4")}\n${row("s5")}\ns6,1,y,0,n\n`);
  expect(rejected.samples.map(({ line, column, text }) => [line, column, text])).toEqual([
    [8, "delay", "x"],
    [9, "delay", "short"],
    [12, "amount", "y"],
  ]);
  const plain = await read(
    `\uFEFF${HEADER}\n${row("s1", '"two\nlines"')}\ns3,x,1,0,n\nshort\n${row("s4")}\n${row("s5")}`,
  );
  expect(plain.rejected.samples.map(({ line, text }) => [line, text])).toEqual([
    [4, "x"],
    [5, "short"],
  ]);
});

test("reads blanks around quoted values and quotes inside unquoted ones", async () => {
  const { ids, table } = await read(`${HEADER}\n"s1" ,1,1,0, "a,b"\ns2,1,1,0,5" pipe\n"s3"  ,1,1,0,x\n`);
  expect(ids).toEqual(["s1", "s2", "s3"]);
  expect(table.rows).toBe(3);
});

test("reads a record of exactly 2 MiB and rejects one byte more", async () => {
  const record = (bytes: number) => `s1,1,1,0,${"x".repeat(bytes - 9)}`;
  const around = (text: string) => `${HEADER}\n${text}\n${row("s2")}\n${row("s3", '"a" ')}\n`;
  expect((await read(around(record(2 ** 21)))).ids).toEqual(["s1", "s2", "s3"]);
  const over = await read(around(record(2 ** 21 + 1)));
  expect(over.ids).toEqual(["s2", "s3"]);
  expect(over.rejected.samples[0]).toMatchObject({ line: 2, reason: "longer than 2097152 bytes" });
});

test("for every file content, rows read = rows accepted + rows rejected, and the valid rows around invalid ones are accepted", async () => {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(",", "\n", '"', "\r", "\r\n") },
    { weight: 3, arbitrary: fc.constantFrom("a", "ü", " ", "1", '""', '","', '"\n', "€") },
    { weight: 1, arbitrary: fc.constantFrom("\0", "\uFEFF", "\t", "\r\r\n", "x,1,1,0,n\n", "x,1,1,0,n\r") },
  );
  const form = fc.record({
    pieces: fc.array(piece, { maxLength: 60 }),
    encoding: fc.constantFrom("utf-8", "utf-16", "windows-1252", "iso-8859-1"),
    bom: fc.boolean(),
    lineEnd: fc.constantFrom("\n", "\r\n", "\r\r\n", "\r"),
    lastLineEnd: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(form, async ({ pieces, encoding, bom, lineEnd, lastLineEnd }) => {
      const good = Array.from({ length: 60 }, (_, i) => row(`k${i}`));
      const text = `${[HEADER, ...good].join(lineEnd)}${lineEnd}${pieces.join("")}${lastLineEnd ? lineEnd : ""}`;
      const isUnicode = encoding.startsWith("utf");
      const content = encode(isUnicode && bom ? `\uFEFF${text}` : text, encoding);
      const mapping = MAPPING.replace("file: suppliers.csv", `file: suppliers.csv\n    encoding: ${encoding}`);
      const files = { "suppliers.csv": content };
      const { sources, rejected } = await readSmall(files, { mapping, limits: { maxRejectedShare: 1 } });
      const [source] = sources;
      expect(source?.read).toBe((source?.rows ?? 0) + (source?.rejected ?? 0));
      expect(source?.rows).toBeGreaterThanOrEqual(60);
      expect(rejected.count).toBe(rejected.reasons.reduce((sum, { rows }) => sum + rows, 0));
      if (!/["\r]/.test(pieces.join("")) && lineEnd !== "\r")
        expect(source?.read).toBe(text.split("\n").filter((line) => /[^\r]/.test(line)).length - 1);
    }),
    { numRuns: 80, seed: 7 },
  );
}, 120_000);

/** Encodes a text; characters that the encoding lacks become "?". */
function encode(text: string, encoding: string): Buffer {
  if (encoding === "utf-8") return Buffer.from(text, "utf8");
  if (encoding === "utf-16") return Buffer.from(text, "utf16le");
  const euro = encoding === "windows-1252" ? "\x80" : "?";
  return Buffer.from(text.replaceAll("€", euro).replaceAll("\uFEFF", "?"), "latin1");
}

test.each([
  ["between two values", `${row("s1")}\n${row("s2")}\ns3,1`, true],
  ["within a quoted value", `${row("s1")}\n${row("s2")}\n${row("s3", '"te')}`, true],
  ["after a blank line", `${row("s1")}\n\n${row("s2")}\ns3,1`, true],
  ["only at its line end", `${row("s1")}\n${row("s2")}\n${row("s3")}`, false],
  ["nowhere, but with a short row", `${row("s1")}\n${row("s2")}\ns3,1\n`, false],
  ["nowhere, but with a short row before the last line", `${row("s1")}\ns2,1\n${row("s3")}`, false],
])("a file that is cut %s", async (_, rows, isCut) => {
  const { source } = await read(`${HEADER}\n${rows}`);
  expect(source.notes.some((note) => note.startsWith("its last line has no line end and is not a whole row"))).toBe(
    isCut,
  );
});
