import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { claimDrafts } from "./use-draft.ts";

beforeEach(() => {
  const stored = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    get length() {
      return stored.size;
    },
    key: (i: number) => [...stored.keys()][i] ?? null,
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, text: string) => void stored.set(key, text),
    removeItem: (key: string) => void stored.delete(key),
  });
});
afterEach(() => vi.unstubAllGlobals());

test("texts stay for the person who typed them, and are removed for another one", () => {
  expect(claimDrafts("ada")).toBe(false);
  sessionStorage.setItem("draft/comment/1", "half a sentence");
  expect(claimDrafts("ada")).toBe(false);
  expect(sessionStorage.getItem("draft/comment/1")).toBe("half a sentence");
  expect(claimDrafts("bob")).toBe(true);
  expect(sessionStorage.getItem("draft/comment/1")).toBeNull();
  expect(claimDrafts("bob")).toBe(false);
});
