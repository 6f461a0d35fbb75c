import path from "node:path";
import { defineConfig } from "vitest/config";
import { IN_NODE } from "../vitest-options.ts";

/** Tests that drive the page in a browser. They are separate because not every machine has Chromium. */
export default defineConfig({
  root: path.resolve(import.meta.dirname, "../.."),
  // It runs at the same time as the other tests, which keep their results in the default folder.
  cacheDir: "node_modules/.vite-dashboard",
  test: {
    ...IN_NODE,
    include: ["tests/dashboard/*.browser.ts"],
    globalSetup: "tests/dashboard/build-once.ts",
    // One browser at a time: two of them slow each other down.
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
});
