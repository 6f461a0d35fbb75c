import { readFileSync } from "node:fs";

/**
 * Reads the file that a variable names, at the start of a process.
 * @throws Error with the variable, the file and the code of the system; the content is not quoted
 */
export function readTextFile(variable: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new Error(`${variable}: ${file} cannot be read (${code})`, { cause });
  }
}

/** What a token or an API key is, for messages. */
export const TOKEN_FORM = "one line of visible ASCII characters without spaces";

/** Whether a text can be sent as a bearer token. */
export const isToken = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);

/**
 * Reads the token in the file that a variable names. Spaces and line breaks around the token are ignored.
 * @throws Error with the variable and the file; the content is not quoted
 */
export function readTokenFile(variable: string, file: string): string {
  const token = readTextFile(variable, file).trim();
  if (!isToken(token)) throw new Error(`${variable}: ${file} does not contain a token, expected ${TOKEN_FORM}`);
  return token;
}
