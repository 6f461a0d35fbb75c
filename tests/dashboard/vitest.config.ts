import path from "node:path";
import { defineConfig } from "vitest/config";

/** Tests that drive the page in a browser. They are separate because not every machine has Chromium. */
export default defineConfig({
  root: path.resolve(import.meta.dirname, "../.."),
  test: {
    include: ["tests/dashboard/*.browser.ts"],
    pool: "forks",
    // One browser at a time: two of them slow each other down.
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
});
