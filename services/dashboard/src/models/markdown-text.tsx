import { visibleText } from "@bellwether/reasons/visible-text";
import { useMemo } from "react";
import { Wide } from "../parts/wide.tsx";
import { type Block, inlineParts, markdownBlocks } from "./markdown.ts";

/** The parts of a text have no identity besides their place, and never move. */
const keyOf = (at: number): string => `part ${at}`;

/** A text in Markdown from outside. It becomes elements of the page without HTML: nothing in it is run or loaded. */
export function MarkdownText({ children }: { children: string }) {
  const blocks = useMemo(() => markdownBlocks(children), [children]);
  return (
    <div className="document">
      {blocks.map((block, at) => (
        <BlockOf key={keyOf(at)} block={block} />
      ))}
    </div>
  );
}

function BlockOf({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading":
      // The heading of the card is above: those of the text are below it.
      return block.level <= 2 ? (
        <h3>
          <Line>{block.text}</Line>
        </h3>
      ) : (
        <h4>
          <Line>{block.text}</Line>
        </h4>
      );
    case "paragraph":
      return (
        <p>
          <Line>{block.text}</Line>
        </p>
      );
    case "list":
      return (
        <ul>
          {block.items.map((item, at) => (
            <li key={keyOf(at)}>
              <Line>{item}</Line>
            </li>
          ))}
        </ul>
      );
    case "code":
      return (
        <Wide label="Code">
          <pre>{visibleText(block.text, true)}</pre>
        </Wide>
      );
    case "table":
      return <TableOf head={block.head} rows={block.rows} />;
  }
}

function TableOf({ head, rows }: { head: readonly string[]; rows: readonly (readonly string[])[] }) {
  return (
    <Wide label={head.filter((cell) => cell !== "").join(", ") || "Table"}>
      <table>
        <thead>
          <tr>
            {head.map((cell, at) =>
              cell === "" ? (
                <td key={keyOf(at)} />
              ) : (
                <th scope="col" key={keyOf(at)}>
                  <Line>{cell}</Line>
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={keyOf(place)}>
              {row.map((cell, at) => (
                <td key={keyOf(at)}>
                  <Line>{withFixedPercent(cell)}</Line>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

/** Keeps a number and its percent sign in one line of a narrow column. */
const withFixedPercent = (text: string): string => text.replace(/(?<=\d) (?=%)/g, "\u00a0");

function Line({ children }: { children: string }) {
  return inlineParts(children).map(({ kind, text }, at) => {
    const shown = visibleText(text);
    const key = keyOf(at);
    if (kind === "code") return <code key={key}>{shown}</code>;
    return kind === "strong" ? <strong key={key}>{shown}</strong> : <span key={key}>{shown}</span>;
  });
}
