import { createHash } from "node:crypto";
import { UploadBusyError, UploadError, UploadIdleError } from "./scheduler-error.ts";

/** A file that an upload announces. */
export interface AnnouncedFile {
  readonly name: string;
  /** SHA-256 of the content, lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A message of an upload. */
export type UploadPart<H> =
  | { readonly kind: "header"; readonly header: H }
  | { readonly kind: "chunk"; readonly content: Uint8Array };

/** Which files an upload has. */
export interface UploadRules {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** Largest sizes of single files, bytes, and what to send instead. Unset: that of all files together. */
  readonly maxBytes?: Readonly<Record<string, { readonly bytes: number; readonly instead: string }>>;
}

/** Largest size of the files of an upload together, bytes. */
export const MAX_UPLOAD_BYTES = 96 * 1024 * 1024;
/** Number of uploads that are received and published at the same time. */
const MAX_UPLOADS = 2;
const SHA256 = /^[0-9a-f]{64}$/;

/** Counts the uploads that are under way: each has its files in memory. */
export interface UploadSlots {
  /** Begins an upload, which ends when the slot is disposed of. @throws UploadBusyError when two others are under way */
  begin(): Disposable;
}

export function createUploadSlots(): UploadSlots {
  let running = 0;
  return {
    begin() {
      if (running >= MAX_UPLOADS) throw new UploadBusyError(MAX_UPLOADS);
      running++;
      return { [Symbol.dispose]: () => void running-- };
    },
  };
}

/**
 * Ends a stream whose next message does not come in time: an upload that is begun keeps others from beginning.
 * @throws UploadIdleError
 */
export async function* withIdleLimit<T>(messages: AsyncIterable<T>, idleMs: number): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      const idle = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new UploadIdleError(idleMs)), idleMs).unref();
      });
      const next = await Promise.race([iterator.next(), idle]);
      clearTimeout(timer);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Checks the number of lines of a table before it is parsed. The last line may have a line end.
 * @throws UploadError
 */
export function checkLines(name: string, bytes: Uint8Array | null, maxLines: number, instead: string): void {
  if (bytes === null) return;
  let lines = 1;
  const last = bytes.length - 1;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0 && at < last; at = bytes.indexOf(LINE_FEED, at + 1))
    if (++lines > maxLines) throw new UploadError(`${name} has more than ${maxLines} lines; ${instead}`);
}

const LINE_FEED = 0x0a;

/**
 * Receives the files of an upload whole: first the header, then the content of the files in the order of the header.
 * @param accept decides about the header before any content is received
 * @returns the contents by name, whose digests are those of the header
 * @throws UploadError; the errors of `accept`
 */
export async function receiveUpload<H>(
  parts: AsyncIterable<UploadPart<H>>,
  filesOf: (header: H) => readonly AnnouncedFile[],
  rules: UploadRules,
  accept: (header: H) => Promise<void>,
): Promise<{ readonly header: H; readonly files: ReadonlyMap<string, Uint8Array> }> {
  let header: H | undefined;
  let announced: readonly AnnouncedFile[] = [];
  const files = new Map<string, Uint8Array>();
  let at = 0;
  let filled = 0;
  const begin = (): void => {
    // A file without content is complete at once.
    for (let file = announced[at]; file?.bytes === filled; file = announced[at]) {
      finish(file, files.get(file.name) ?? new Uint8Array());
      at++;
      filled = 0;
    }
  };
  const finish = (file: AnnouncedFile, content: Uint8Array): void => {
    if (createHash("sha256").update(content).digest("hex") !== file.sha256)
      throw new UploadError(`${file.name}: the content differs from the digest of the header`);
    files.set(file.name, content);
  };
  for await (const part of parts) {
    if (part.kind === "header") {
      if (header !== undefined) throw new UploadError("the header comes once, in the first message");
      header = part.header;
      announced = checkFiles(filesOf(header), rules);
      await accept(header);
      begin();
      continue;
    }
    if (header === undefined) throw new UploadError("the first message is the header");
    const file = announced[at];
    if (file === undefined) throw new UploadError("there is content after the last file of the header");
    if (filled + part.content.length > file.bytes)
      throw new UploadError(`${file.name}: there is more content than the ${file.bytes} bytes of the header`);
    const content = files.get(file.name) ?? new Uint8Array(file.bytes);
    files.set(file.name, content);
    content.set(part.content, filled);
    filled += part.content.length;
    begin();
  }
  if (header === undefined) throw new UploadError("the stream has no header");
  const missing = announced[at];
  if (missing !== undefined)
    throw new UploadError(`${missing.name}: the stream ended after ${filled} of ${missing.bytes} bytes`);
  return { header, files };
}

/** @throws UploadError */
function checkFiles(
  files: readonly AnnouncedFile[],
  { required, optional, maxBytes = {} }: UploadRules,
): readonly AnnouncedFile[] {
  const known = [...required, ...optional];
  const names = files.map(({ name }) => name);
  for (const { name, sha256 } of files) {
    if (!known.includes(name))
      throw new UploadError(`the header has a file "${name}"; it can have ${known.join(", ")}`);
    if (!SHA256.test(sha256)) throw new UploadError(`${name}: sha256 is not 64 lower-case hex digits`);
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UploadError(`the header has the file ${twice} twice`);
  const absent = required.find((name) => !names.includes(name));
  if (absent !== undefined) throw new UploadError(`the header has no file ${absent}`);
  for (const { name, bytes } of files) {
    const limit = maxBytes[name];
    if (limit !== undefined && bytes > limit.bytes)
      throw new UploadError(`${name} has ${bytes} bytes, at most ${limit.bytes} are accepted; ${limit.instead}`);
  }
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MAX_UPLOAD_BYTES)
    throw new UploadError(`the files have ${total} bytes together, at most ${MAX_UPLOAD_BYTES} are accepted`);
  return files;
}
