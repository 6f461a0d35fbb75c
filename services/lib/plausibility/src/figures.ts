/** A share as a percentage: "12.34 %". */
export function percent(share: number, round: (value: number) => number = Math.round): string {
  return `${round(Number((share * 10_000).toFixed(6))) / 100} %`;
}

/** A value of a column with at most six significant digits. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}
