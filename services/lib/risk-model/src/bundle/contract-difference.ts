import type { FeatureBundle } from "./feature-bundle.ts";

/** The part of a bundle that its callers depend on. */
export type ModelContract = Pick<FeatureBundle, "features" | "text" | "classes">;

/**
 * Returns what callers of a model would have to change if another model replaced it: features that are added,
 * removed or change their kind, another text, another risk class. Vocabulary, categories and ranges may
 * differ.
 * @returns A clause for each difference; empty when there is none.
 */
export function contractDifferences(before: ModelContract, after: ModelContract): string[] {
  const kinds = ({ features }: ModelContract) => new Map(features.map(({ name, kind }) => [name, kind]));
  const [was, is] = [kinds(before), kinds(after)];
  const names = (of: Iterable<string>) => [...of].map((name) => `"${name}"`).join(", ");
  const gone = [...was.keys()].filter((name) => !is.has(name));
  const added = [...is.keys()].filter((name) => !was.has(name));
  const changed = [...is].filter(([name, kind]) => was.has(name) && was.get(name) !== kind).map(([name]) => name);
  const [textBefore, textAfter] = [before.text?.feature ?? "none", after.text?.feature ?? "none"];
  return [
    ...(gone.length > 0 ? [`without ${names(gone)}`] : []),
    ...(added.length > 0 ? [`with the new ${names(added)}`] : []),
    ...(changed.length > 0 ? [`with another kind of ${names(changed)}`] : []),
    ...(textBefore === textAfter ? [] : [`text ${textAfter} instead of ${textBefore}`]),
    ...(before.classes.risk === after.classes.risk
      ? []
      : [`risk class "${after.classes.risk}" instead of "${before.classes.risk}"`]),
  ];
}
