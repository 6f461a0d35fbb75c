import { z } from "zod";
import { leaf, numberWhere, textLike } from "./check-schema.ts";

/** What a template can contain between braces. */
const PLACEHOLDERS = ["feature", "value", "typical"];

const TEMPLATE_RULE =
  'a text of 1 to 200 characters without line breaks, in which braces contain only feature, value or typical, e.g. "{value} late, usually {typical}"';

/** Whether a text is a template: each brace belongs to a known placeholder. */
function isTemplate(text: string): boolean {
  const rest = PLACEHOLDERS.reduce((left, name) => left.replaceAll(`{${name}}`, ""), text);
  return !/[{}]/.test(rest);
}

const ONE_LINE = /^\S([^\p{Cc}]{0,198}\S)?$/u;
const template = z.optional(
  leaf<string>(TEMPLATE_RULE, (v) => typeof v === "string" && ONE_LINE.test(v) && isTemplate(v)),
);

/** Units are in texts of one line. */
const UNIT = /^\S([^\p{Cc}\p{Zl}\p{Zp}]{0,38}\S)?$/u;
/** No braces: a narrative puts the name where a placeholder was. */
const GERMAN_NAME = /^[^\s{}]([^\p{Cc}\p{Zl}\p{Zp}{}]{0,78}[^\s{}])?$/u;

/** How a feature is worded for people. */
export const wordingSchema = z.optional(
  z
    .strictObject(
      {
        unit: z.optional(textLike("a unit of 1 to 40 characters, e.g. %", /^\S(.{0,38}\S)?$/u)),
        scale: z.optional(numberWhere("a number from 0.000001 to 1000000", (v) => v >= 1e-6 && v <= 1e6)),
        increases: template,
        lowers: template,
      },
      { error: "wording: unit, scale, increases, lowers" },
    )
    .refine((wording) => Object.keys(wording).length > 0, { error: "at least one of unit, scale, increases, lowers" }),
);

const germanName = z.optional(textLike("a name of 1 to 80 characters in one line, e.g. Zahlungsverzug", GERMAN_NAME));

/** German name and unit of a number, for narratives in German. */
export const germanSchema = z.optional(
  z
    .strictObject(
      { name: germanName, unit: z.optional(textLike("a unit of 1 to 40 characters, e.g. Tage", UNIT)) },
      { error: "de: name, unit" },
    )
    .refine((de) => Object.keys(de).length > 0, { error: "at least one of name, unit" }),
);

/** German name of a category or a text, which have no unit. */
export const germanNameSchema = z.optional(
  z
    .strictObject({ name: germanName }, { error: "de: name" })
    .refine(({ name }) => name !== undefined, { error: "a name" }),
);

/** How a category is worded: as a number, but without unit and scale. */
export const categoryWordingSchema = z.optional(
  z
    .strictObject({ increases: template, lowers: template }, { error: "wording: increases, lowers" })
    .refine((wording) => Object.keys(wording).length > 0, { error: "at least one of increases, lowers" }),
);
