/** Names of UTF-8 and of encodings that are a subset of it. */
const UTF8: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);

/**
 * The charset of a content type if JSON cannot be read in it; undefined: the content type names none, or
 * UTF-8.
 */
export function foreignCharset(contentType: string | undefined): string | undefined {
  const [, quoted, plain] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^;\s]*))/i.exec(contentType ?? "") ?? [];
  const charset = quoted ?? plain;
  return charset === undefined || UTF8.has(charset.toLowerCase()) ? undefined : charset;
}
