/**
 * Returns a count with its noun: "1 row", "2 rows".
 * @param many The noun for every count except 1 (default: `one` with an s).
 */
export const countText = (count: number | bigint, one: string, many = `${one}s`): string =>
  `${count} ${Number(count) === 1 ? one : many}`;
