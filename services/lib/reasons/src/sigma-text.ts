/**
 * Returns a number of standard deviations for a text: "0.21 σ", "34 σ", "more than 100 σ". A change of more than 100
 * standard deviations is another unit or another column; its exact size says nothing.
 * @param value 0 or more
 */
export function sigmaText(value: number): string {
  if (value > 100) return "more than 100 σ";
  return `${value < 10 ? value.toFixed(2) : Math.round(value)} σ`;
}
