/** Names of encodings that are UTF-8 or a part of it. */
const UTF8: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);

/** The charset that a content type names and JSON cannot be read in; undefined: it names none, or UTF-8. */
export function foreignCharset(contentType: string | undefined): string | undefined {
  const [, quoted, plain] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^;\s]*))/i.exec(contentType ?? "") ?? [];
  const charset = quoted ?? plain;
  return charset === undefined || UTF8.has(charset.toLowerCase()) ? undefined : charset;
}
