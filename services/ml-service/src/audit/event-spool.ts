import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { AuditSinkError, type CountDroppedEvents } from "../domain/audit-ports.ts";

/** Lines on disk that wait to be sent, oldest first. They survive a killed process; the last ones may not survive a power cut. */
export interface EventSpool extends AsyncDisposable {
  /** Appends lines in their order. What goes over the bound is counted as lost. @throws Error when the disk takes none of them */
  append(lines: readonly string[]): Promise<void>;
  /** The oldest lines, up to 1 MiB; they stay where they are until `remove`. Null: there are none. */
  oldest(): Promise<SpoolSegment | null>;
}

/** Some lines of a spool. */
export interface SpoolSegment {
  readonly lines: readonly string[];
  /** Frees their place. */
  remove(): Promise<void>;
}

export interface EventSpoolOptions {
  /** Folder of its own among all services; processes may share it, each has its own folder in it. */
  readonly folder: string;
  /** Bytes kept at most. Default 64 MiB. */
  readonly maxBytes?: number;
  readonly lost: CountDroppedEvents;
}

const MAX_BYTES = 64 * 1024 * 1024;
const SEGMENT_BYTES = 1024 * 1024;
const SEGMENT = /^\d{15}-[\w-]+\.jsonl$/;
const OWNER = /^(\d+)-\w{6}$/;

interface Writing {
  readonly name: string;
  readonly handle: FileHandle;
  bytes: number;
}

/** Opens the spool and takes over what killed processes left in the folder. @throws AuditSinkError */
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

  /** One at a time, in the order asked for. */
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
  const write = async (text: string): Promise<void> => {
    current ??= await begin();
    const { handle } = current;
    try {
      await handle.appendFile(text);
    } catch (error) {
      // What a full disk took of it must not be sent as well as counted.
      await handle.truncate(current.bytes).catch(seal);
      throw error;
    }
    const written = Buffer.byteLength(text);
    current.bytes += written;
    bytes += written;
    if (current.bytes >= SEGMENT_BYTES) await seal();
  };

  return {
    append: (lines) =>
      inTurn(async () => {
        let size = 0;
        const fitting = lines.filter((line) => {
          const more = Buffer.byteLength(line) + 1;
          const fits = bytes + size + more <= maxBytes;
          if (fits) size += more;
          return fits;
        });
        lost(lines.length - fitting.length, "spool_full");
        if (fitting.length > 0) await write(`${fitting.join("\n")}\n`);
      }),
    oldest: () =>
      inTurn(async () => {
        if (sealed.length === 0) await seal();
        const [name] = sealed;
        if (name === undefined) return null;
        const text = await readFile(at(name), "utf8").catch(ifGone(""));
        const whole = text.lastIndexOf("\n") + 1;
        let torn = whole < text.length ? 1 : 0;
        const lines = text.slice(0, whole).split("\n").slice(0, -1);
        const remove = async (): Promise<void> => {
          await rm(at(name), { force: true });
          sealed.splice(sealed.indexOf(name), 1);
          bytes -= Buffer.byteLength(text);
          lost(torn, "cut_short");
          torn = 0;
        };
        return { lines, remove: () => inTurn(remove) };
      }),
    [Symbol.asyncDispose]: () =>
      inTurn(async () => {
        await seal();
        // Stays when lines are left in it.
        await rmdir(own).catch(() => {});
      }),
  };
}

/** A new folder, named after this process, with the lines of those that are no more. */
async function makeOwnFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const others = await readdir(folder);
  const own = await mkdtemp(path.join(folder, `${process.pid}-`));
  for (const name of others) {
    const pid = Number(OWNER.exec(name)?.[1] ?? 0);
    if (pid === 0 || isRunning(pid)) continue;
    const orphan = path.join(folder, name);
    // Another process that starts now may be faster with any of them.
    for (const segment of (await readdir(orphan).catch(ifGone([]))).filter((file) => SEGMENT.test(file)))
      await rename(path.join(orphan, segment), path.join(own, segment)).catch(ifGone(undefined));
    await rmdir(orphan).catch(() => {});
  }
  return own;
}

/** Whether another process has this number: in a container, a new process often has that of the one before. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Takes a missing file for `value`. */
function ifGone<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return value;
    throw error;
  };
}
