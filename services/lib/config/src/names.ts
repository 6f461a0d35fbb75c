import { textLike } from "./check-schema.ts";

/** Names of features, columns, steps and sources: valid without quotes in SQL, in JSON and in file names. */
export const NAME_PATTERN = /^[a-z][a-z0-9_]{0,62}$/;

export const nameSchema = textLike("a name of a-z, 0-9 and _ that starts with a letter, at most 63 long", NAME_PATTERN);
