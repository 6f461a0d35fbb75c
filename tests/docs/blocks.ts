import { globSync, readFileSync } from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../..");

/** A code block on a page of the documentation. */
export interface Block {
  /** Path of the page from the root of the checkout. */
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** The language: the word after the fence. Empty when the fence has none. */
  readonly language: string;
  readonly text: string;
  /** Why the block is not run: the text of `<!-- not run: REASON -->` in the line above it; null without such a line. */
  readonly notRun: string | null;
  /** Variable that the block needs: the name in `<!-- needs: NAME -->` in the line above it; null without such a line. */
  readonly needs: string | null;
}

/** Languages whose blocks are commands. */
export const RUN = ["bash", "sh", "console", "python"] as const;

/** Returns all pages of the checkout. README.md comes first, because readers begin with it. */
export function findPages(): string[] {
  const pages = globSync("**/*.md", {
    cwd: ROOT,
    exclude: (name) => /node_modules|\.venv|dist|^\.bellwether|^demo$/.test(name),
  }).filter((page) => !/^(models|demo|gen)\/.+\//.test(page));
  return pages.sort((a, b) => Number(b === "README.md") - Number(a === "README.md") || (a < b ? -1 : 1));
}

/** Reads the code blocks of a page, in order. */
export const readBlocks = (page: string): Block[] => parseBlocks(page, readFileSync(path.join(ROOT, page), "utf8"));

/** Finds the code blocks in the text of a page. */
export function parseBlocks(page: string, markdown: string): Block[] {
  const lines = markdown.split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)```(\w*)/.exec(lines[at] ?? "");
    if (fence === null) continue;
    const close = lines.findIndex((line, index) => index > at && line.trim() === "```");
    if (close < 0) throw new Error(`${page}:${at + 1}: the code block is not closed`);
    const above = lines[at - 1] ?? "";
    blocks.push({
      page,
      line: at + 1,
      language: fence[2] ?? "",
      text: lines.slice(at + 1, close).join("\n"),
      notRun: /<!-- not run: (.+?) -->/.exec(above)?.[1] ?? null,
      needs: /<!-- needs: (\w+) -->/.exec(above)?.[1] ?? null,
    });
    at = close;
  }
  return blocks;
}

/** A command of a console block, and the output that the page shows for it. */
export interface ConsoleCommand {
  readonly command: string;
  /** Output that the page shows for the command. Empty when it shows none. */
  readonly output: string;
}

/** Splits a console block at its lines that begin with "$ "; a "\" at the end of a line continues the command. */
export function consoleCommands(text: string): ConsoleCommand[] {
  const commands: { command: string; output: string }[] = [];
  let continues = false;
  for (const line of text.split("\n")) {
    const last = commands.at(-1);
    if (line.startsWith("$ ")) commands.push({ command: line.slice(2), output: "" });
    else if (last === undefined) throw new Error(`output before the first command: ${line}`);
    else if (continues) last.command += `\n${line}`;
    else last.output += `${line}\n`;
    continues = (line.startsWith("$ ") || continues) && line.endsWith("\\");
  }
  return commands;
}
