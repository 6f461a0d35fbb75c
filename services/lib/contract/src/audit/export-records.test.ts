import { expect, test } from "vitest";
import { checkpointKeys, checkpointSigner, newCheckpointKey, verifyCheckpoint } from "./checkpoint.ts";
import { type ExportEnd, readExportRow, rowFromEnd, rowFromRecord, verifyExport } from "./export-records.ts";
import { EMPTY_CHAIN, type HashedRecord, newSalt, payloadHashOf, recordHash } from "./record-hash.ts";

function chainOf(count: number, kind = "k"): HashedRecord[] {
  let previousHash = EMPTY_CHAIN.hash;
  return Array.from({ length: count }, (_, i) => {
    const isOld = i < 2;
    const salt = isOld ? null : newSalt();
    const payload = i % 3 === 0 ? "" : '{"note":"a,\\"b\\"\\n"}';
    const unhashed = {
      ...{ hashVersion: isOld ? 1 : 2, sequence: i + 1, eventId: `e${i + 1}`, kind, actor: "=a", subject: "" },
      ...{ occurredUs: BigInt(i) - 5n, recordedUs: 1_767_607_200_123_456n, recordedBy: isOld ? null : "ml" },
      ...{ payload, salt, payloadHash: payloadHashOf(payload, salt), previousHash },
    };
    const record = { ...unhashed, hash: recordHash(unhashed) };
    previousHash = record.hash;
    return record;
  });
}

const signer = checkpointSigner(newCheckpointKey(), "key");
const keys = checkpointKeys(signer.publicKeyPem, "public key");
const accept: Parameters<typeof verifyExport>[2] = (checkpoint) => verifyCheckpoint(checkpoint, keys);

function fileOf(records: readonly HashedRecord[], over: Partial<ExportEnd> = {}): string[] {
  const { sequence, hash } = records.at(-1) ?? EMPTY_CHAIN;
  const end = { records: records.length, head: { sequence, hash }, checkpoint: null, ...over };
  return [...records.map(rowFromRecord), rowFromEnd(end)].map((row) => JSON.stringify(row));
}

async function* rowsOf(lines: readonly string[]): AsyncGenerator<unknown> {
  for (const line of lines) yield JSON.parse(line);
}

const verify = (lines: readonly string[], checkpoints: Parameters<typeof verifyExport>[1] = []) =>
  verifyExport(rowsOf(lines), checkpoints, accept);

test("an export is read as it was written, and verifies", async () => {
  const records = chainOf(7);
  for (const record of records)
    expect(readExportRow(JSON.parse(JSON.stringify(rowFromRecord(record))), 1)).toEqual(record);
  const checkpoint = signer.sign(records[4] ?? EMPTY_CHAIN, new Date());
  expect(await verify(fileOf(records, { checkpoint }), [checkpoint])).toMatchObject({
    ...{ broken: null, records: 7, checkpoints: 1, ownCheckpoint: checkpoint },
  });
  expect(await verify(fileOf([]))).toMatchObject({ broken: null, records: 0 });
});

test("numbers can be texts, as in CSV", () => {
  const [record] = chainOf(1);
  const row = Object.fromEntries(
    Object.entries(rowFromRecord(record as HashedRecord)).map(([name, value]) => [
      name,
      value === null ? null : `${value}`,
    ]),
  );
  expect(readExportRow(row, 1)).toEqual(record);
});

test("a file that was cut, at the end of a row or with its last row kept, says so", async () => {
  const lines = fileOf(chainOf(7));
  await expect(verify(lines.slice(0, 5))).rejects.toThrow(
    "the file ends after record 5 without the last row of an export",
  );
  await expect(verify([...lines.slice(0, 5), lines.at(-1) ?? ""])).rejects.toThrow(
    "the file has 5 records up to 5, but its last row says 7 up to 7",
  );
  await expect(verify([...lines, lines[0] ?? ""])).rejects.toThrow("more rows follow it");
  await expect(verify([])).rejects.toThrow("the file ends after record 0");
});

test("a record that was edited, removed, or put elsewhere is named by sequence and id", async () => {
  const lines = fileOf(chainOf(7));
  const edited = lines.map((line, i) => (i === 3 ? line.replace('"=a"', '"=b"') : line));
  expect((await verify(edited)).broken).toMatchObject({ sequence: 4, eventId: "e4" });
  expect((await verify(lines.toSpliced(3, 1))).broken).toMatchObject({ sequence: 4, eventId: null });
  const swapped = lines.with(3, lines[4] ?? "").with(4, lines[3] ?? "");
  expect((await verify(swapped)).broken).toMatchObject({ sequence: 4 });
});

test("a log that was written anew does not match a checkpoint, and one that was cut neither", async () => {
  const records = chainOf(7);
  const checkpoint = signer.sign(records[5] ?? EMPTY_CHAIN, new Date());
  expect((await verify(fileOf(chainOf(7, "other")), [checkpoint])).broken).toMatchObject({
    sequence: 6,
    eventId: "e6",
  });
  expect((await verify(fileOf(records.slice(0, 5)), [checkpoint])).broken).toMatchObject({
    sequence: 6,
    eventId: null,
  });
  const own = fileOf(chainOf(7, "other"), { checkpoint });
  expect((await verify(own)).broken).toMatchObject({ sequence: 6 });
});

test("a forged checkpoint at the end of an export is an error", async () => {
  const records = chainOf(3);
  const checkpoint = { ...signer.sign(records[2] ?? EMPTY_CHAIN, new Date()), sequence: 2 };
  await expect(verify(fileOf(records, { checkpoint }))).rejects.toThrow("is forged or damaged");
});

test.each([
  ["null", "row 1 is not a record"],
  ["7", "row 1 is not a record"],
  ["{}", "sequence is missing or has another form"],
  ['{"sequence":1.5}', "sequence is missing or has another form"],
  ['{"sequence":"1"}', "event_id is missing or has another form"],
  ['{"kind":"export.end","payload":"x"}', "row 1, the end of the export, is damaged"],
  ['{"kind":"export.end","payload":"{}"}', "row 1, the end of the export, is damaged"],
])("%s is no row of an export", async (line, reason) => {
  await expect(verify([line])).rejects.toThrow(reason);
});
