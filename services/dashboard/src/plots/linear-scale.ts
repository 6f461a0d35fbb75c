/** Maps a number of a domain to a coordinate. */
export type Scale = (value: number) => number;

/** Returns the linear scale through (from, start) and (to, end). A domain of width 0 maps to the middle. */
export function linearScale([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  if (from === to) return () => (start + end) / 2;
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}
