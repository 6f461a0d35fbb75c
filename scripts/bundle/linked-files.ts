import { readFileSync } from "node:fs";
import path from "node:path";
import type { Plugin } from "rolldown";

/** A file that code names relative to its own file. */
const LINK = /new URL\(\s*"(\.{1,2}\/[^"]+)",\s*import\.meta\.url,?\s*\)/g;

/**
 * Bundles the programs of the threads that code starts by their URL, and copies the other files that it names so. All files of
 * a bundle are in one folder, so each link is changed to the name of the file in that folder.
 * @throws Error when two linked files would have the same name
 */
export function linkedFiles(): Plugin {
  const emitted = new Map<string, string>();
  return {
    name: "linked-files",
    transform: {
      filter: { code: /import\.meta\.url/, id: { exclude: /node_modules/ } },
      handler(code, id) {
        return code.replace(LINK, (_, link: string) => {
          const file = path.resolve(path.dirname(id), link);
          const fileName = path.basename(file).replace(/\.ts$/, ".js");
          const other = emitted.get(fileName);
          if (other !== undefined && other !== file) throw new Error(`${other} and ${file} would both be ${fileName}`);
          emitted.set(fileName, file);
          if (other === undefined)
            this.emitFile(
              file.endsWith(".ts")
                ? { type: "chunk", id: file, fileName }
                : { type: "asset", fileName, source: readFileSync(file) },
            );
          return `new URL("./${fileName}", import.meta.url)`;
        });
      },
    },
  };
}
