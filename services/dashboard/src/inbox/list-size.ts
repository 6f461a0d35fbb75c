import { countText } from "../parts/format.ts";

/** The server counts up to this number. */
const MAX_COUNT = 10_000;

/** Returns a number of alerts: "10,000+" where the server stopped counting. */
export const cappedText = (count: number): string =>
  count > MAX_COUNT ? `${countText(MAX_COUNT)}+` : countText(count);

/**
 * Returns the number of alerts of a list in words.
 * @param totalSize as the server counted when the list was loaded
 * @param left number of alerts that are still shown, but no longer belong to the list
 */
export function listSizeText(totalSize: number, left: number): string {
  // Where the server stopped counting, the number without those that left is not known either.
  const size = totalSize > MAX_COUNT ? totalSize : totalSize - left;
  return `${cappedText(size)} in this list${left > 0 ? `, ${countText(left)} left it` : ""}`;
}
