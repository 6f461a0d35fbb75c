/**
 * Counts messages of some types in one direction of PostgreSQL's protocol 3.0, however the bytes are cut: a type, a length that counts
 * itself, the rest. The first message of a client has no type.
 */
export function createMessageCounter(
  types: string,
  from: "client" | "server",
): (bytes: Uint8Array<ArrayBufferLike>) => number {
  const counted = new Set<number>(Buffer.from(types));
  let type: number | undefined = from === "client" ? 0 : undefined;
  let length = 0;
  let lengthBytes = 0;
  let rest = 0;
  return (bytes) => {
    let count = 0;
    for (let at = 0; at < bytes.length; ) {
      if (rest > 0) {
        const step = Math.min(rest, bytes.length - at);
        rest -= step;
        at += step;
        continue;
      }
      const byte = bytes[at++] ?? 0;
      if (type === undefined) {
        type = byte;
        continue;
      }
      length = length * 256 + byte;
      if (++lengthBytes < 4) continue;
      if (counted.has(type)) count++;
      rest = length - 4;
      [type, length, lengthBytes] = [undefined, 0, 0];
    }
    return count;
  };
}
