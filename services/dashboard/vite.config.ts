import path from "node:path";
import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { defineConfig } from "vite";
import { stripRules } from "./strip-rules.ts";

/** The address of a running ops-service for `vite dev`. */
const OPS_WEB_LISTENER = `http://127.0.0.1:${DEFAULT_PORTS.OPS_SERVICE.web}`;

/** The libraries that the first view needs. */
const FIRST_LIBRARIES = /node_modules\/(react|react-dom|scheduler|@tanstack|@connectrpc|@bufbuild)\//;

export default defineConfig({
  root: import.meta.dirname,
  // A relative base, so that the page also works below a path of a proxy.
  base: "./",
  resolve: {
    alias: {
      // The rules of protovalidate are large, and only the server validates.
      "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js": path.join(
        import.meta.dirname,
        "src/rpc/validate-file.ts",
      ),
      "@radix-ui/react-dialog": path.join(import.meta.dirname, "src/search/no-dialog.ts"),
    },
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    // Every browser of this target loads modules ahead by itself.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // Code that changes rarely is in its own file, which browsers cache.
      // Libraries that only menus and the search need are in a second file, which is loaded on demand.
      output: {
        codeSplitting: {
          groups: [
            { name: "vendor", test: FIRST_LIBRARIES, priority: 2 },
            { name: "on-demand", test: /node_modules/, priority: 1 },
            // What the first file shares with the others: the contract, addresses and texts.
            {
              name: "shared",
              test: /gen\/bellwether\/(ops\/v1\/(alert|backtest|supplier|reason|score_explanation)|inference\/v1\/(score|narrative|change|counterfactual))|src\/(parts\/(format|name)|rpc\/(problem|failure-text)|routing\/)|lib\/(reasons|contract)\/src\/(visible-text|score-text|iso-week|band-codes|destination-name)/,
              includeDependenciesRecursively: false,
            },
            // Small parts that are loaded on demand: few files compress better than many.
            {
              name: "parts",
              test: /src\/(search|change|what-if|notices)\/|src\/parts\/reason-form|(inference_service|model_explanation)_pb|ops\/v1\/notice|src\/pages\/notices-page|src\/(inbox\/(filter-popover|views-menu|saved-views|opened-by|export-alerts))|contract\/src\/(alerts-csv|csv-cell)/,
              includeDependenciesRecursively: false,
            },
            // The pages of weeks, which are loaded ahead.
            {
              name: "run-page",
              test: /src\/pages\/(run|week)-page|src\/week\/|src\/parts\/(run-|report-downloads|stage-state|copied-command)|plots\/drift-plot|rpc\/use-run-watch|ops\/v1\/(batch|report)|sigma-text/,
              includeDependenciesRecursively: false,
            },
          ],
        },
      },
      // "use client" has no meaning in a page that runs only in the browser.
      onLog: (level, log, print) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") print(level, log);
      },
    },
  },
  plugins: [stripRules()],
  oxc: { jsx: { runtime: "automatic" } },
  // The Host header is kept, because the listener rejects pages of another origin.
  server: { proxy: { "^/(bellwether\\..+|auth)/": { target: OPS_WEB_LISTENER, changeOrigin: false } } },
});
