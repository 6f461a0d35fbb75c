/** Languages of narratives, as ISO 639-1 codes. */
export const LANGUAGES = ["en", "de"] as const;

/** A language of narratives. */
export type Language = (typeof LANGUAGES)[number];
