import { SourceError } from "@bellwether/ingest/ingest-errors";
import { expect, test } from "vitest";
import { withFolder } from "./training-data.ts";

test("a file that does not exist is reported with the folder in which it was looked for", () => {
  const missing = new SourceError("lieferanten", "lieferanten_2025.csv", "the file does not exist; put it there");
  expect(String(withFolder(missing, "/home/jane"))).toBe(
    'SourceError: source "lieferanten", file "lieferanten_2025.csv": the file does not exist; put it there, or the folder, which is /home/jane (--data)',
  );
  const broken = new SourceError("lieferanten", "a.csv", "it is empty");
  expect(withFolder(broken, "/home/jane")).toBe(broken);
});
