/** A part of a text in Markdown. Texts are as written: `inlineParts` divides them. */
export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "code"; readonly text: string };

/** A part of a line. */
export interface InlinePart {
  readonly kind: "text" | "code" | "strong";
  readonly text: string;
}

/** Maximum number of lines that are read; a model card has about a hundred. */
const MAX_LINES = 2_000;
/** Longer lines are shown as they are: to look for marks in them takes too long. */
const MAX_MARKED = 2_000;

const HEADING = /^(#{1,6}) +(.*)$/;
const ITEM = /^ *(?:[-*]|\d+\.) +(.*)$/;
const FENCE = /^```/;
const RULE = /^\|(?: *:?-+:? *\|)+ *$/;

/** Returns the blocks of a text in Markdown, as far as model cards use it. HTML in the text is text. */
export function markdownBlocks(text: string): readonly Block[] {
  const lines = text.split(/\r?\n/, MAX_LINES);
  const blocks: Block[] = [];
  let at = 0;
  /** Takes the lines from the present one on, as long as a condition holds. */
  const takeWhile = (holds: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && holds(lines[at] ?? "")) at++;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const heading = HEADING.exec(line);
    if (line.trim() === "") at++;
    else if (heading) {
      blocks.push({ kind: "heading", level: heading[1]?.length ?? 1, text: heading[2] ?? "" });
      at++;
    } else if (FENCE.test(line)) {
      at++;
      blocks.push({ kind: "code", text: takeWhile((one) => !FENCE.test(one)).join("\n") });
      at++;
    } else if (line.startsWith("|")) {
      const rows = takeWhile((one) => one.startsWith("|"));
      const [head = "", ...body] = rows.filter((row) => !RULE.test(row));
      blocks.push({ kind: "table", head: cellsOf(head), rows: body.map(cellsOf) });
    } else if (ITEM.test(line)) {
      blocks.push({ kind: "list", items: takeWhile((one) => ITEM.test(one)).map((one) => ITEM.exec(one)?.[1] ?? "") });
    } else {
      // The first line begins no other block.
      at++;
      const more = takeWhile((one) => one.trim() !== "" && !HEADING.test(one) && !FENCE.test(one) && !isBlock(one));
      blocks.push({ kind: "paragraph", text: [line, ...more].join(" ") });
    }
  }
  return blocks;
}

const isBlock = (line: string): boolean => line.startsWith("|") || ITEM.test(line);

/** Returns the cells of a row of a table. "\|" is a character of a cell. */
function cellsOf(row: string): string[] {
  const cells = row
    .trim()
    .replace(/^\|/, "")
    .replace(/\|$/, "")
    .split(/(?<!\\)\|/);
  return cells.map((cell) => cell.replaceAll("\\|", "|").trim());
}

/** `code`, **strong**, an image and a link, of which only the words are shown. */
const MARKS = /`([^`]+)`|\*\*([^*]+)\*\*|!\[([^\]]*)\]\(([^)]*)\)|\[([^\]]*)\]\(([^)]*)\)/g;

/** Divides a line into parts. A link is shown with its address, and not followed: a card is from outside. */
export function inlineParts(line: string): readonly InlinePart[] {
  if (line.length > MAX_MARKED) return [{ kind: "text", text: line }];
  const parts: InlinePart[] = [];
  let from = 0;
  for (const found of line.matchAll(MARKS)) {
    const [whole, code, strong, image, , link, address = ""] = found;
    if (found.index > from) parts.push({ kind: "text", text: line.slice(from, found.index) });
    if (code !== undefined) parts.push({ kind: "code", text: code });
    else if (strong !== undefined) parts.push({ kind: "strong", text: strong });
    else if (image !== undefined) parts.push({ kind: "text", text: `[picture: ${image}]` });
    else parts.push({ kind: "text", text: link === address ? address : `${link ?? ""} (${address})` });
    from = found.index + whole.length;
  }
  if (from < line.length) parts.push({ kind: "text", text: line.slice(from) });
  return parts;
}
