import http from "node:http";
import type { Plugin } from "rolldown";

const ID = "built-in:http";

/**
 * Replaces imports of node:http. Node reads each export of an imported built-in module, and three of this one (WebSocket among
 * them) load the whole of its HTTP client undici, which takes a tenth of a start. `process.getBuiltinModule` reads none.
 */
export function httpExports(): Plugin {
  const names = Object.entries(Object.getOwnPropertyDescriptors(http))
    .filter(([, { get }]) => get === undefined)
    .map(([name]) => name);
  return {
    name: "http-exports",
    resolveId: { filter: { id: /^(node:)?http$/ }, handler: () => ID },
    load: {
      filter: { id: /^built-in:http$/ },
      handler: () =>
        `const http = process.getBuiltinModule("node:http");\nexport default http;\nexport const { ${names.join(", ")} } = http;`,
    },
  };
}
