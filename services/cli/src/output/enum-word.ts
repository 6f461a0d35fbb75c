/** Returns the word of a value of the contract: its name in lower case. "": unspecified, or not known to this release. */
export const enumWord = (names: Readonly<Record<string, number>>, value: number): string =>
  value === 0 ? "" : (Object.keys(names).find((name) => names[name] === value) ?? "").toLowerCase();
