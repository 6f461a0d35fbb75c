import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { isAlias, isMap, isNode, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { ConfigError, type ConfigViolation } from "./config-error.ts";

/** What is found in place of a file that does not exist. */
export const NO_FILE = "no file at this path";

/** Maximum size of a configuration file: enough for a mapping of 2,000 columns. A larger file is the wrong file. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** 1-based position in a text. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A YAML text as plain values, with the position of each. */
export interface YamlFile {
  /** File name shown in violations. */
  readonly file: string;
  readonly value: unknown;
  /** Returns the position of the value at `path`, or of the deepest existing map or list above it. */
  place(path: readonly PropertyKey[]): Place;
  /** Returns the position of the last key of `path`. */
  keyPlace(path: readonly PropertyKey[]): Place;
}

/**
 * Parses one YAML 1.2 document (core schema). Duplicate keys, anchors, aliases, custom tags, tab indentation,
 * several documents and an empty text are violations.
 * @param whenEmpty Value of a text without content. Undefined: such a text is a violation.
 * @throws ConfigError with every syntax error.
 */
export function parseYaml(text: string, file: string, whenEmpty?: object): YamlFile {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) throw tooLarge(file);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, version: "1.2", uniqueKeys: true, prettyErrors: false });
  const at = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const violations: ConfigViolation[] = [...document.errors, ...document.warnings].map((problem) => ({
    file,
    ...at(problem.pos[0]),
    path: "",
    found: problem.message.includes("call stack") ? "maps or lists nested too deep" : problem.message,
    expected: "plain YAML 1.2",
  }));
  visit(document, {
    Node(_key, node: Node) {
      if (isAlias(node) || ("anchor" in node && node.anchor !== undefined))
        violations.push({
          file,
          ...at(node.range?.[0] ?? 0),
          path: "",
          found: "an anchor or alias",
          expected: "every value written out",
        });
    },
  });
  if (violations.length > 0) throw new ConfigError(violations);
  const isEmpty = document.contents === null || (isScalar(document.contents) && document.contents.value === null);
  if (isEmpty && !whenEmpty) throw whole(file, "an empty file", "a YAML map");

  const locate = (path: readonly PropertyKey[], wantKey: boolean): Place => {
    let node: unknown = document.contents;
    let offset = document.contents?.range?.[0] ?? 0;
    for (const [depth, step] of path.entries()) {
      const pair = isMap(node) ? node.items.find((p) => isScalar(p.key) && String(p.key.value) === step) : undefined;
      const last = depth === path.length - 1;
      if (last && wantKey && pair && isNode(pair.key)) return at(pair.key.range?.[0] ?? offset);
      const next = pair
        ? (pair.value ?? pair.key)
        : typeof step === "number" && isNode(node) && "get" in node
          ? node.get(step, true)
          : undefined;
      if (!isNode(next)) break;
      node = next;
      offset = next.range?.[0] ?? offset;
    }
    return at(offset);
  };
  return {
    file,
    value: isEmpty ? whenEmpty : document.toJS({ maxAliasCount: 0 }),
    place: (path) => locate(path, false),
    keyPlace: (path) => locate(path, true),
  };
}

/**
 * Reads and parses a YAML file of at most `MAX_CONFIG_BYTES`.
 * @throws ConfigError when it cannot be read, is not a regular file, is not UTF-8, is too large or is not YAML.
 */
export async function readYaml(path: string, whenEmpty?: object): Promise<YamlFile> {
  return parseYaml(await readBounded(path), path, whenEmpty);
}

/** Opens the file with O_NONBLOCK: otherwise opening a named pipe that has no writer would block forever. */
async function readBounded(path: string): Promise<string> {
  try {
    await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) throw whole(path, "something that is not a regular file", "a YAML file");
    if (stats.size > MAX_CONFIG_BYTES) throw tooLarge(path);
    return new TextDecoder("utf-8", { fatal: true }).decode(await handle.readFile());
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (error instanceof TypeError) throw whole(path, "bytes that are not UTF-8", "a YAML file in UTF-8");
    const code = error instanceof Error && "code" in error ? String(error.code) : "an error";
    throw whole(path, code === "ENOENT" ? NO_FILE : `${code} when reading`, "a readable YAML file");
  }
}

function whole(file: string, found: string, expected: string): ConfigError {
  return new ConfigError([{ file, line: 1, column: 1, path: "", found, expected }]);
}

function tooLarge(file: string): ConfigError {
  return whole(file, `more than ${MAX_CONFIG_BYTES} bytes`, `at most ${MAX_CONFIG_BYTES} bytes`);
}
