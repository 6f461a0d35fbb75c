import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { freeBytes } from "@bellwether/mesh/call/free-bytes";
import { AuditSinkError, type CountDroppedEvents } from "../domain/audit-ports.ts";

/**
 * A queue of lines on disk, oldest first. Lines survive when the process is killed; the last lines may be
 * lost in a power failure.
 */
export interface EventSpool extends AsyncDisposable {
  /**
   * Appends lines in order. Returns the positions of the lines that do not fit into the maximum size, which are not
   * appended. @throws Error when the disk accepts none of them
   * @param data the lines in UTF-8, each followed by a line feed
   * @param beyondLimit whether the lines are appended although the maximum is reached. Default false
   */
  append(data: Uint8Array, beyondLimit?: boolean): Promise<readonly number[]>;
  /**
   * Returns the oldest lines, up to 1 MiB. They stay in the spool until `remove` is called. Null: the spool
   * is empty.
   */
  oldest(): Promise<SpoolSegment | null>;
}

/** The oldest lines of a spool. */
export interface SpoolSegment {
  /** Number of lines. */
  readonly length: number;
  /**
   * Returns the lines from position `from` up to `end`. They are decoded for this call only: texts that were kept
   * until they are sent would survive the young generation, and collecting them then takes longer than sending them.
   */
  lines(from: number, end: number): readonly string[];
  /** Removes these lines from the spool. */
  remove(): Promise<void>;
}

export interface EventSpoolOptions {
  /**
   * A folder that no other service uses. Several processes of this service can share it: each creates its own
   * folder in it.
   */
  readonly folder: string;
  /** Maximum size in bytes. Default 64 MiB. */
  readonly maxBytes?: number;
  readonly lost: CountDroppedEvents;
}

const MAX_BYTES = 64 * 1024 * 1024;
const SEGMENT_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;
const SEGMENT = /^\d{15}-[\w-]+\.jsonl$/;
const OWNER = /^(\d+)-\w{6}$/;

interface Writing {
  readonly name: string;
  readonly handle: FileHandle;
  bytes: number;
}

/**
 * Opens the spool, and takes over the lines that killed processes left in the folder. @throws AuditSinkError
 */
export async function openEventSpool({ folder, maxBytes = MAX_BYTES, lost }: EventSpoolOptions): Promise<EventSpool> {
  const own = await makeOwnFolder(folder).catch((error: unknown) => {
    throw new AuditSinkError(folder, error);
  });
  const at = (name: string): string => path.join(own, name);
  const sealed = (await readdir(own)).filter((name) => SEGMENT.test(name)).sort();
  let bytes = 0;
  for (const name of sealed) bytes += (await stat(at(name))).size;
  let current: Writing | undefined;
  let begun = 0;
  let last: Promise<unknown> = Promise.resolve();

  /** Runs operations one at a time, in the order in which they were called. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
  const begin = async (): Promise<Writing> => {
    const name = `${String(Date.now()).padStart(15, "0")}-${String(begun++).padStart(9, "0")}-${path.basename(own)}.jsonl`;
    return { name, handle: await open(at(name), "wx", 0o600), bytes: 0 };
  };
  const seal = async (): Promise<void> => {
    if (!current) return;
    const { name, handle } = current;
    current = undefined;
    sealed.push(name);
    await handle.close();
  };
  const write = async (data: Uint8Array): Promise<void> => {
    current ??= await begin();
    const { handle } = current;
    try {
      await handle.appendFile(data);
    } catch (error) {
      // A full disk can have accepted a part of the lines. That part must not be sent, because the lines are
      // already counted as dropped.
      await handle.truncate(current.bytes).catch(seal);
      throw error;
    }
    current.bytes += data.length;
    bytes += data.length;
    if (current.bytes >= SEGMENT_BYTES) await seal();
  };

  return {
    append: (data, beyondLimit = false) =>
      inTurn(async () => {
        if (beyondLimit || bytes + data.length <= maxBytes) {
          await write(data);
          return [];
        }
        const { fitting, left } = selectFitting(linesOf(data), maxBytes - bytes);
        if (fitting.length > 0) await write(Buffer.from(`${fitting.join("\n")}\n`));
        return left;
      }),
    oldest: () =>
      inTurn(async () => {
        if (sealed.length === 0) await seal();
        const [name] = sealed;
        if (name === undefined) return null;
        const segment = await readFile(at(name)).catch(ifGone(Buffer.alloc(0)));
        const ends = findLineEnds(segment);
        let torn = (ends.at(-1) ?? -1) + 1 < segment.length ? 1 : 0;
        const remove = async (): Promise<void> => {
          await rm(at(name), { force: true });
          sealed.splice(sealed.indexOf(name), 1);
          bytes -= segment.length;
          lost(torn, "cut_short");
          torn = 0;
          freeBytes(segment);
        };
        const textOf = (line: number): string =>
          segment.toString("utf8", line === 0 ? 0 : (ends[line - 1] ?? 0) + 1, ends[line]);
        return {
          length: ends.length,
          lines: (from, end) => Array.from({ length: end - from }, (_, i) => textOf(from + i)),
          remove: () => inTurn(remove),
        };
      }),
    [Symbol.asyncDispose]: () =>
      inTurn(async () => {
        await seal();
        // The folder stays when it still contains lines.
        await rmdir(own).catch(() => {});
      }),
  };
}

/** Returns the positions of the line feeds. */
function findLineEnds(segment: Buffer): readonly number[] {
  const ends: number[] = [];
  for (let end = segment.indexOf(LINE_FEED); end >= 0; end = segment.indexOf(LINE_FEED, end + 1)) ends.push(end);
  return ends;
}

const linesOf = (data: Uint8Array): string[] => new TextDecoder().decode(data).split("\n").slice(0, -1);

/** Returns the lines that fit into a number of bytes together, and the positions of the others. */
function selectFitting(lines: readonly string[], freeBytes: number) {
  let size = 0;
  const left: number[] = [];
  const fitting = lines.filter((line, at) => {
    const more = Buffer.byteLength(line) + 1;
    const fits = size + more <= freeBytes;
    if (fits) size += more;
    else left.push(at);
    return fits;
  });
  return { fitting, left };
}

/** Creates a folder named after this process, and moves the lines of ended processes into it. */
async function makeOwnFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const others = await readdir(folder);
  const own = await mkdtemp(path.join(folder, `${process.pid}-`));
  for (const name of others) {
    const pid = Number(OWNER.exec(name)?.[1] ?? 0);
    if (pid === 0 || isRunning(pid)) continue;
    const orphan = path.join(folder, name);
    // Another process that starts at the same time can have moved or removed any of these files.
    for (const segment of (await readdir(orphan).catch(ifGone([]))).filter((file) => SEGMENT.test(file)))
      await rename(path.join(orphan, segment), path.join(own, segment)).catch(ifGone(undefined));
    await rmdir(orphan).catch(() => {});
  }
  return own;
}

/**
 * Whether another running process has this id. In a container, a new process often has the id of the previous
 * one.
 */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Returns `value` when the file does not exist. */
function ifGone<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return value;
    throw error;
  };
}
