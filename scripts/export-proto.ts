// `npm run proto:export [-- --output PATH]`: writes the contract for clients, as an archive or as a folder.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { readCommandLine } from "./command-line.ts";
import { exportedFiles, PROTO } from "./proto-export/exported-files.ts";
import { tarOf } from "./proto-export/tar.ts";
import { writeFiles } from "./proto-export/write-files.ts";

const { options } = readCommandLine({
  command: "npm run proto:export",
  about:
    "Writes the contract for clients: the proto files without the options of protovalidate, so that every protobuf compiler accepts them as they are, and grpc-service-config.json with the longest deadlines and with retries.",
  flags: {},
  options: {
    output: {
      value: "PATH",
      does: "archive to write when PATH ends in .tar.gz, otherwise the folder to write; proto files of an earlier export in it are replaced (default dist/bellwether-proto.tar.gz)",
    },
  },
  examples: ["", "--output contract.tar.gz", "--output ../client/proto"],
  exitCodes: "1 when the output cannot be written",
});

const output = options.output ?? "dist/bellwether-proto.tar.gz";
const files = await exportedFiles();
if (output.endsWith(".tar.gz")) {
  mkdirSync(path.dirname(output), { recursive: true });
  writeFileSync(output, gzipSync(tarOf(files)));
} else {
  if (path.relative(PROTO, path.resolve(output)) === "") {
    console.error(`${output} has the contract itself; choose another folder`);
    process.exit(2);
  }
  writeFiles(output, files);
}
console.log(`${output}: ${files.size} files`);
