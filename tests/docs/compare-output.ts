const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;

/**
 * Compares the output of a command with the output that a page shows. The page may replace parts by "…",
 * break lines between any two words, and shorten numbers: 0.604 matches every number that rounds to it.
 * Everything else must be equal, from the first character to the last.
 * @returns what differs, or null
 */
export function differenceFrom(shown: string, printed: string): string | null {
  const numbers = [...shown.matchAll(NUMBER)].map(([number]) => number);
  const match = new RegExp(`^\\s*${pattern(shown.trim())}\\s*$`).exec(printed);
  if (match === null) return "the text differs";
  const wrong = numbers.flatMap((number, index) => {
    const actual = match[index + 1] ?? "";
    return roundsTo(actual, number) ? [] : [`${number} is shown, ${actual} was printed`];
  });
  return wrong.length === 0 ? null : wrong.join("; ");
}

/** Returns a regular expression for the shown text, with one group per number. */
function pattern(shown: string): string {
  return shown
    .split("…")
    .map((part) =>
      part
        .split(NUMBER)
        .map((text) => text.split(/\s+/).map(RegExp.escape).join("\\s*"))
        .join("(-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)"),
    )
    .join("[\\s\\S]*?");
}

/** Whether a printed number equals the shown one when it is rounded to the same number of decimals. */
function roundsTo(printed: string, shown: string): boolean {
  if (printed === shown) return true;
  const decimals = /\.(\d+)/.exec(shown)?.[1]?.length ?? 0;
  return !/e/i.test(shown) && decimals > 0 && Number(printed).toFixed(decimals) === Number(shown).toFixed(decimals);
}
