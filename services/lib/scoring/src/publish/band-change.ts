import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";

/** The lowest risk scores of the bands medium and high, in (0, 1). */
export type BandLimits = FeatureBundle["bands"];

/** Band limits of a version that differ from those of the champion. */
export interface BandChange {
  readonly champion: BandLimits;
  readonly version: BandLimits;
}

/** Returns the band limits of both, or null when they are equal or not known. */
export function bandChange(champion: BandLimits | null, version: BandLimits | null): BandChange | null {
  if (champion === null || version === null) return null;
  const isSame = champion.medium === version.medium && champion.high === version.high;
  const limits = ({ medium, high }: BandLimits): BandLimits => ({ medium, high });
  return isSame ? null : { champion: limits(champion), version: limits(version) };
}

/** Returns a line for people. @param before Name of the version whose limits applied before. */
export function bandChangeLine(version: string, before: string, { champion, version: own }: BandChange): string {
  const text = ({ medium, high }: BandLimits): string => `medium from ${medium}, high from ${high}`;
  return `warning: ${version} has other band limits (${text(own)}) than ${before} (${text(champion)}): the same risk score may have another band`;
}
