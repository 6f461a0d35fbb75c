import { describe, expect, test } from "vitest";
import { inlineParts, markdownBlocks } from "./markdown.ts";

describe("the blocks of a card", () => {
  test("headings, paragraphs over several lines, lists and tables are distinguished", () => {
    const card =
      "# Card: a\r\n\nOne\ntwo.\n- x\n  - y\n1. z\n## Data\n| n | rows |\n|---|:-:|\n| a\\|b | 3 |\n| c | |\nend";
    expect(markdownBlocks(card)).toEqual([
      { kind: "heading", level: 1, text: "Card: a" },
      { kind: "paragraph", text: "One two." },
      { kind: "list", items: ["x", "y", "z"] },
      { kind: "heading", level: 2, text: "Data" },
      {
        kind: "table",
        head: ["n", "rows"],
        rows: [
          ["a|b", "3"],
          ["c", ""],
        ],
      },
      { kind: "paragraph", text: "end" },
    ]);
  });

  test("code keeps its lines, also when it does not end", () => {
    expect(markdownBlocks("```bash\n# not a heading\n| a |\n```\nafter")).toEqual([
      { kind: "code", text: "# not a heading\n| a |" },
      { kind: "paragraph", text: "after" },
    ]);
    expect(markdownBlocks("```\nopen")).toEqual([{ kind: "code", text: "open" }]);
  });

  test("HTML is text", () => {
    expect(markdownBlocks('<script>alert(1)</script>\n\n<img src=x onerror="alert(1)">')).toEqual([
      { kind: "paragraph", text: "<script>alert(1)</script>" },
      { kind: "paragraph", text: '<img src=x onerror="alert(1)">' },
    ]);
  });

  test("an empty text has no blocks, and a very long one is cut", () => {
    expect(markdownBlocks("")).toEqual([]);
    expect(markdownBlocks("|")).toEqual([{ kind: "table", head: [""], rows: [] }]);
    expect(markdownBlocks("a\n\n".repeat(5_000)).length).toBe(1_000);
  });
});

describe("the parts of a line", () => {
  test("code and strong text are distinguished, and other marks are text", () => {
    expect(inlineParts("a `b<i>` **c** d*e _f_")).toEqual([
      { kind: "text", text: "a " },
      { kind: "code", text: "b<i>" },
      { kind: "text", text: " " },
      { kind: "strong", text: "c" },
      { kind: "text", text: " d*e _f_" },
    ]);
  });

  test("links and pictures are shown in words, whatever their address is", () => {
    expect(
      inlineParts("[here](javascript:alert(1)) ![plot](x.svg) [u](u)")
        .map(({ text }) => text)
        .join(""),
    ).toBe("here (javascript:alert(1)) [picture: plot] u");
  });

  test("a line of marks that never end is divided at once", () => {
    const line = "[".repeat(100_000);
    expect(inlineParts(line)).toEqual([{ kind: "text", text: line }]);
    expect(inlineParts("").length).toBe(0);
  });
});
