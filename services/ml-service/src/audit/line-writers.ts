import { write } from "node:fs";
import { appendFile, open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { AuditSinkError } from "../domain/audit-ports.ts";

/** Writes complete lines, each with its line break. */
export type WriteLines = (text: string) => Promise<void>;

/**
 * Appends to a file. The file is opened for each write, so that a rotated file is no longer written to.
 * @throws AuditSinkError
 */
export async function appendToFile(file: string): Promise<WriteLines> {
  const handle = await open(file, "a", 0o600).catch((error: unknown) => {
    throw new AuditSinkError(file, error);
  });
  await handle.close();
  let isIncomplete = false;
  return async (text) => {
    try {
      await appendFile(file, isIncomplete ? `\n${text}` : text, { mode: 0o600 });
      isIncomplete = false;
    } catch (error) {
      // A full disk can have accepted a part of a line, so the next text must begin on a new line.
      isIncomplete = true;
      throw error;
    }
  };
}

const STDOUT = 1;
const FULL_PIPE_MS = 10;

/**
 * Writes to standard output without `process.stdout`, which blocks the event loop when nobody reads the pipe.
 * A closed pipe would also end the process.
 */
export async function writeToStdout(text: string): Promise<void> {
  let bytes = Buffer.from(text);
  while (bytes.byteLength > 0) bytes = bytes.subarray(await writeSome(bytes));
}

function writeSome(bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(STDOUT, bytes, (error, written) => {
      if (error?.code === "EAGAIN") pause(FULL_PIPE_MS).then(() => resolve(0));
      else if (error) reject(error);
      else resolve(written);
    });
  });
}
