/**
 * Returns the version that a rollback makes the champion: the champion before the last promotion. A return to a
 * version that was champion before counts as a rollback, whatever caused it, and ends all promotions after that
 * version. So a second rollback goes further back, never to the version that the first one left.
 * @param versions The version of each change of the champion, oldest first.
 * @returns Undefined when no champion is left before the current one.
 */
export function previousChampion(versions: readonly string[]): string | undefined {
  const promoted: string[] = [];
  for (const version of versions) {
    const at = promoted.indexOf(version);
    if (at < 0) promoted.push(version);
    else promoted.length = at + 1;
  }
  return promoted.at(-2);
}
