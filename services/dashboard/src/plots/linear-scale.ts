/** Maps a number of a domain to a coordinate. */
export type Scale = (value: number) => number;

/** A straight line through (from, start) and (to, end); a domain without width maps to the middle. */
export function linearScale([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  if (from === to) return () => (start + end) / 2;
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}
