/** Names of UTF-8, and of encodings whose texts are valid UTF-8. */
const UTF8: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);

/**
 * Returns the charset of a content type when it is not UTF-8, so that the body cannot be read as JSON.
 * Undefined: the content type names no charset, or UTF-8.
 */
export function foreignCharset(contentType: string | undefined): string | undefined {
  const [, quoted, plain] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^;\s]*))/i.exec(contentType ?? "") ?? [];
  const charset = quoted ?? plain;
  return charset === undefined || UTF8.has(charset.toLowerCase()) ? undefined : charset;
}
