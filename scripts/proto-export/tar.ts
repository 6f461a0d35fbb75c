const BLOCK = 512;
/** Maximum number of bytes of a path in the header of a tar entry. */
const MAX_NAME = 100;

/**
 * Returns a tar archive (POSIX ustar) of text files. The same files give the same bytes: times and owners are 0.
 * @param files texts by path, each path at most 100 bytes
 */
export function tarOf(files: ReadonlyMap<string, string>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, text] of files) {
    const body = Buffer.from(text);
    parts.push(header(name, body.length), body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > MAX_NAME)
    throw new Error(`${name}: a path in the archive has at most ${MAX_NAME} bytes`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number): void =>
    void block.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
  block.write(name, 0);
  octal(0o644, 100, 8); // mode
  octal(0, 108, 8); // user
  octal(0, 116, 8); // group
  octal(size, 124, 12);
  octal(0, 136, 12); // time
  block.write("        0", 148, "latin1"); // an empty checksum, then the type: a plain file
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
