/** Options of protovalidate, which servers need and clients do not. */
const VALIDATION = /^\(\s*buf\.validate\./;
const IMPORT = /^import "buf\/validate\/validate\.proto";\n/m;
/** A comment, a string, a bracket or a separator: the parts of a proto file that decide where an option ends. */
const TOKENS = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[[\]{},;]/g;

/**
 * Returns a proto file without the options of protovalidate and without their import, so that clients compile it
 * without buf/validate. Comments, numbers of lines excepted, and all other options are unchanged.
 * @param source text of a valid proto file
 */
export function stripValidation(source: string): string {
  return stripStatements(stripFieldOptions(source)).replace(IMPORT, "");
}

/** A part of a text: its first position, and the position after its last character. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Removes options in brackets behind a field: all of the list, or its entries of protovalidate only. */
function stripFieldOptions(source: string): string {
  let stripped = "";
  let at = 0;
  for (const { start, end, entries } of optionLists(source)) {
    const kept = entries
      .map((entry) => source.slice(entry.start, entry.end))
      .filter((entry) => !VALIDATION.test(entry.trim()));
    if (kept.length === entries.length) continue;
    stripped +=
      kept.length === 0 ? source.slice(at, start).trimEnd() : `${source.slice(at, start)}[${kept.join(",").trim()}]`;
    at = end;
  }
  return stripped + source.slice(at);
}

/** Finds the lists of options in brackets outside of other brackets and braces of options, with their entries. */
function optionLists(source: string): (Span & { readonly entries: readonly Span[] })[] {
  const lists: (Span & { readonly entries: readonly Span[] })[] = [];
  let list: { readonly start: number; readonly commas: number[] } | undefined;
  let depth = 0;
  for (const { 0: token, index } of source.matchAll(TOKENS)) {
    if (list === undefined) {
      if (token === "[") list = { start: index, commas: [] };
      continue;
    }
    if (token === "[" || token === "{") depth++;
    else if (depth > 0 && (token === "]" || token === "}")) depth--;
    else if (token === "," && depth === 0) list.commas.push(index);
    else if (token === "]") {
      const cuts = [list.start, ...list.commas, index];
      const entries = cuts.slice(1).map((end, i) => ({ start: (cuts[i] ?? 0) + 1, end }));
      lists.push({ start: list.start, end: index + 1, entries });
      list = undefined;
    }
  }
  return lists;
}

/** Removes statements `option (buf.validate…) = …;` of messages, oneofs and files, with their line. */
function stripStatements(source: string): string {
  let stripped = "";
  let at = 0;
  for (const found of source.matchAll(/^[ \t]*option\s+\(\s*buf\.validate\./gm)) {
    if (found.index < at) continue;
    stripped += source.slice(at, found.index);
    at = endOfStatement(source, found.index);
  }
  return stripped + source.slice(at);
}

/** Returns the position after the semicolon that ends a statement, and after the line break behind it. */
function endOfStatement(source: string, start: number): number {
  let depth = 0;
  for (const { 0: token, index } of source.slice(start).matchAll(TOKENS)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (token === ";" && depth === 0) {
      const end = start + index + 1;
      return source[end] === "\n" ? end + 1 : end;
    }
  }
  throw new Error(`the statement does not end: ${source.slice(start, start + 80)}`);
}
