/** Spaces, dots, hyphens and invisible characters: how people and programs divide identifiers. */
const SEPARATORS = /[\s\p{Z}\p{Cf}.\-\u2010-\u2015\u2212]/gu;

const LEI = /^[0-9A-Z]{18}[0-9]{2}$/;
const DUNS = /^[0-9]{9}$/;
/** Countries without a form here: the country code, and 4 to 15 letters or digits, at least 4 of them digits. */
const OTHER_VAT = /^(?=(?:[A-Z]*[0-9]){4})[0-9A-Z]{4,15}$/;

/** The national forms of VAT numbers, without the country code. Source: Directive 2006/112/EC and the VIES FAQ. */
const VAT_FORMS: Readonly<Record<string, RegExp>> = {
  AT: /^U[0-9]{8}$/,
  BE: /^[01][0-9]{9}$/,
  BG: /^[0-9]{9,10}$/,
  CH: /^E[0-9]{9}(MWST|TVA|IVA)?$/,
  CY: /^[0-9]{8}[A-Z]$/,
  CZ: /^[0-9]{8,10}$/,
  DE: /^[0-9]{9}$/,
  DK: /^[0-9]{8}$/,
  EE: /^[0-9]{9}$/,
  EL: /^[0-9]{9}$/,
  ES: /^[0-9A-Z][0-9]{7}[0-9A-Z]$/,
  FI: /^[0-9]{8}$/,
  FR: /^[0-9A-HJ-NP-Z]{2}[0-9]{9}$/,
  GB: /^([0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3})$/,
  HR: /^[0-9]{11}$/,
  HU: /^[0-9]{8}$/,
  IE: /^([0-9]{7}[A-W][A-I]?|[0-9][A-Z][0-9]{5}[A-W])$/,
  IT: /^[0-9]{11}$/,
  LT: /^([0-9]{9}|[0-9]{12})$/,
  LU: /^[0-9]{8}$/,
  LV: /^[0-9]{11}$/,
  MT: /^[0-9]{8}$/,
  NL: /^[0-9]{9}B[0-9]{2}$/,
  NO: /^[0-9]{9}(MVA)?$/,
  PL: /^[0-9]{10}$/,
  PT: /^[0-9]{9}$/,
  RO: /^[0-9]{2,10}$/,
  SE: /^[0-9]{12}$/,
  SI: /^[0-9]{8}$/,
  SK: /^[0-9]{10}$/,
  XI: /^([0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3})$/,
};
/** Codes of VAT numbers that are not codes of ISO 3166. */
const VAT_COUNTRIES = new Set(["EL", "XI"]);
const countries = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });

/** An identifier in its normal form, or why it has none, without a full stop. */
export type NormalForm = { readonly value: string } | { readonly reason: string };

/** Returns an identifier in the normal form of its kind. Kinds other than lei, duns and vat keep their text. */
export function normalForm(kind: string, text: string): NormalForm {
  if (text === "" || !Object.hasOwn(FORMS, kind)) return { value: text };
  const form = FORMS[kind];
  return form ? form(text.normalize("NFKC").replace(SEPARATORS, "").toUpperCase()) : { value: text };
}

const FORMS: Readonly<Record<string, (compact: string) => NormalForm>> = {
  lei(value) {
    if (!LEI.test(value)) return { reason: "is not a LEI: 18 letters or digits and 2 check digits" };
    return remainderOf97(value) === 1 ? { value } : { reason: "is not a LEI: its check digits do not fit" };
  },
  duns: (value) => (DUNS.test(value) ? { value } : { reason: "is not a DUNS number: 9 digits" }),
  vat(text) {
    // Greece writes EL, its code of ISO 3166 is GR.
    const value = text.replace(/^GR/, "EL");
    const country = value.slice(0, 2);
    if (!isCountry(country)) return { reason: "does not begin with a country code; write for example DE123456789" };
    if ((VAT_FORMS[country] ?? OTHER_VAT).test(value.slice(2))) return { value };
    return { reason: `is not a VAT number of ${country}` };
  },
};

function isCountry(code: string): boolean {
  return /^[A-Z]{2}$/.test(code) && (VAT_COUNTRIES.has(code) || (code !== "ZZ" && countries.of(code) !== undefined));
}

/** Remainder of ISO 7064, MOD 97-10, by which ISO 17442 checks a LEI: letters count as 10 to 35. */
function remainderOf97(text: string): number {
  let remainder = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder;
}
