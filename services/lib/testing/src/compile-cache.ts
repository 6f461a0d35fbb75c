import path from "node:path";

/** Folder in which Node keeps the compiled code of the tests, and of the processes that tests start. `npm ci` removes it. */
export const COMPILE_CACHE = path.resolve(import.meta.dirname, "../../../../node_modules/.cache/compiled-tests");
