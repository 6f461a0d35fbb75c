import { open } from "node:fs/promises";

/** How the bytes of a file are compressed. */
export type Compression = "none" | "gzip" | "zstd";

/** Number of first bytes that show what a file is. */
const HEAD = 4096;

/** Kinds of files other than text, by their first bytes as Latin-1, with what a user can do. */
// biome-ignore-start lint/suspicious/noControlCharactersInRegex: the first bytes of such files are control characters
const KINDS: readonly (readonly [start: RegExp, is: string])[] = [
  [/^\x1f\x8b/, "gzip data in compressed data; compress it once"],
  [/^\x28\xb5\x2f\xfd/, "zstandard data in compressed data; compress it once"],
  [/^PAR1(?![,;|\t\r\n])/, "Parquet; set format: parquet"],
  [/^PARE(?![,;|\t\r\n])/, "encrypted Parquet; write it without encryption"],
  [/^\xd0\xcf\x11\xe0/, "an Excel workbook of the old form (.xls); save the sheet as CSV UTF-8"],
  [/^ORC[^\x20-\x7e\t\r\n]/, "ORC; write the table as Parquet"],
  [/^Obj\x01/, "Avro; write the table as Parquet"],
  [/^\x41RROW1\0/, "Arrow (Feather); write the table as Parquet"],
  [/^%PDF-/, "a PDF document; export the table as CSV"],
  [/^BZh[1-9]1AY&SY/, "bzip2 data; unpack it, or pack it as gzip or zstandard"],
  [/^\xfd7zXZ\0/, "xz data; unpack it, or pack it as gzip or zstandard"],
  [/^7z\xbc\xaf/, "a 7-Zip archive; unpack it"],
  [/^Rar!\x1a/, "a RAR archive; unpack it"],
  [/^\x04\x22\x4d\x18/, "LZ4 data; unpack it, or pack it as gzip or zstandard"],
  [/^\xff\x06\0\0sNaPpY/, "Snappy data; unpack it, or pack it as gzip or zstandard"],
  [/^SQLite format 3\0/, "an SQLite database; export the table as CSV"],
  [/^(?:\0\0\xfe\xff|\xff\xfe\0\0)/, "UTF-32; save it as UTF-8"],
  // A tar archive has its mark at byte 257, after the name of its first file.
  [/^[^\0]{1,100}\0[\s\S]{156,255}?ustar/, "a tar archive; unpack it"],
];
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above

/** Returns how the bytes of a file are compressed, by its first bytes and not by its name. */
export async function compressionOf(path: string): Promise<Compression> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  const start = buffer.subarray(0, bytesRead).toString("latin1");
  if (start.startsWith("\x1f\x8b")) return "gzip";
  return start === "\x28\xb5\x2f\xfd" ? "zstd" : "none";
}

/**
 * Returns what a file is that starts with `head`, decompressed, when it is neither CSV text nor anything that a
 * text can start with; with what a user can do. Null when it may be text.
 */
export function foreignKind(head: Buffer): string | null {
  const start = head.subarray(0, HEAD).toString("latin1");
  if (start.startsWith("PK\x03\x04")) return archiveKind(start);
  return KINDS.find(([bytes]) => bytes.test(start))?.[1] ?? null;
}

/** Office documents are zip archives: the names of their first files show which. */
function archiveKind(head: string): string {
  if (/xl\/|\[Content_Types\]\.xml/.test(head))
    return "an Excel workbook (.xlsx); save the sheet as CSV UTF-8 and give that file";
  if (head.includes("application/vnd.oasis.opendocument"))
    return "an OpenDocument spreadsheet (.ods); save the sheet as CSV UTF-8 and give that file";
  return "a zip archive; unpack it and give the file in it";
}
