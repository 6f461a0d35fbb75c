import { defineConfig } from "vite";

/** Where `vite dev` finds a running ops-service. */
const OPS_WEB_LISTENER = "http://127.0.0.1:8080";

export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the page also works behind a path of a proxy.
  base: "./",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    rolldownOptions: {
      // What changes seldom has a file of its own, which a browser keeps.
      output: { codeSplitting: { groups: [{ name: "vendor", test: /node_modules/ }] } },
      // "use client" means nothing to a page that is all client.
      onLog: (level, log, print) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") print(level, log);
      },
    },
  },
  oxc: { jsx: { runtime: "automatic" } },
  // The page's host stays in the request: the door refuses pages of another origin.
  server: { proxy: { "^/bellwether\\..+/": { target: OPS_WEB_LISTENER, changeOrigin: false } } },
});
