import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { defineConfig } from "vite";

/** The address of a running ops-service for `vite dev`. */
const OPS_WEB_LISTENER = `http://127.0.0.1:${DEFAULT_PORTS.OPS_SERVICE.web}`;

export default defineConfig({
  root: import.meta.dirname,
  // A relative base, so that the page also works below a path of a proxy.
  base: "./",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    rolldownOptions: {
      // Code that changes rarely is in its own file, which browsers cache.
      output: { codeSplitting: { groups: [{ name: "vendor", test: /node_modules/ }] } },
      // "use client" has no meaning in a page that runs only in the browser.
      onLog: (level, log, print) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") print(level, log);
      },
    },
  },
  oxc: { jsx: { runtime: "automatic" } },
  // The Host header is kept, because the listener rejects pages of another origin.
  server: { proxy: { "^/(bellwether\\..+|auth)/": { target: OPS_WEB_LISTENER, changeOrigin: false } } },
});
