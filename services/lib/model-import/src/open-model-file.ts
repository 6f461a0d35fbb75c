import { PlainFileError, type PlainFileRule, readPlainFile } from "@bellwether/files/plain-file";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { MAX_MODEL_BYTES } from "@bellwether/tree-model/trees/limits";

/** What the user does about a file that breaks a rule. */
const WAYS_OUT: Partial<Record<PlainFileRule, string>> = {
  exists: "correct its path",
  "no-link": "name the file that it points to",
  "one-name": "copy it to a file of its own",
};
/** Rules whose violation may be an attack. */
const SAFETY: ReadonlySet<PlainFileRule> = new Set(["no-link", "regular", "one-name", "size"]);

/**
 * Reads a model file from an untrusted source: a regular file with exactly one name.
 * @throws ImportRejectedError when the file is a link, not a regular file, empty or too large, or cannot be read.
 */
export async function openModelFile(file: string): Promise<Uint8Array> {
  const bytes = await readPlainFile(file, MAX_MODEL_BYTES).catch((error: unknown) => {
    throw error instanceof PlainFileError ? rejectionOf(error) : error;
  });
  if (bytes.length === 0) throw new ImportRejectedError("malformed", "the file is empty");
  return bytes;
}

function rejectionOf({ rule, message }: PlainFileError): ImportRejectedError {
  const wayOut = WAYS_OUT[rule];
  const kind = SAFETY.has(rule) ? "unsafe" : "malformed";
  return new ImportRejectedError(kind, `the file ${message}${wayOut === undefined ? "" : `; ${wayOut}`}`);
}
