import path from "node:path";
import { defineConfig } from "vitest/config";

/** Tests that drive the page in a browser. They are separate because not every machine has Chromium. */
export default defineConfig({
  root: path.resolve(import.meta.dirname, "../.."),
  test: {
    include: ["tests/dashboard/*.browser.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
