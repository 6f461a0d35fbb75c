import { COMPILE_CACHE } from "@bellwether/testing/compile-cache";

/** How all tests run: in child processes, where Node itself loads the sources, as it does in production. */
export const IN_NODE = {
  pool: "forks",
  // No test replaces a module, so nothing must be transformed.
  experimental: { viteModuleRunner: false, nodeLoader: false },
  // Processes that a test starts inherit it.
  env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
  // The default of 1 s is shorter than a page or a service takes on a machine with other work.
  expect: { poll: { timeout: 10_000 } },
} as const;
