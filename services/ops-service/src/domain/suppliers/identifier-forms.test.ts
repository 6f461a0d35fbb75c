import fc from "fast-check";
import { expect, test } from "vitest";
import { normalForm } from "./identifier-forms.ts";

/** LEIs of GLEIF, Deutsche Bank and Apple. */
const LEIS = ["506700GE1G29325QX363", "7LTWFZYICNSX8D621K86", "HWUPKR0MPOU8FGXBT394"];

test.each(LEIS)("accepts the LEI %s, with separators and in lower case too", (lei) => {
  expect(normalForm("lei", lei)).toEqual({ value: lei });
  const divided = lei.toLowerCase().replace(/(.{4})/g, "$1-\u00a0 ");
  expect(normalForm("lei", `\u200b${divided}.`)).toEqual({ value: lei });
});

/** Whether both are digits or both are letters: for others, the check digits can fit. */
const isSameClass = (a: string, b: string): boolean => /\d/.test(a) === /\d/.test(b);

test("rejects every LEI with another digit or another letter in one place", () => {
  fc.assert(
    fc.property(fc.constantFrom(...LEIS), fc.nat(19), fc.constantFrom(..."0123456789ABCXYZ"), (lei, at, other) => {
      fc.pre(lei[at] !== other && isSameClass(lei.charAt(at), other));
      expect(normalForm("lei", lei.slice(0, at) + other + lei.slice(at + 1))).toHaveProperty("reason");
    }),
  );
});

test.each([
  ["lei", "", { value: "" }],
  ["lei", "NaN", { reason: "is not a LEI: 18 letters or digits and 2 check digits" }],
  ["lei", "0".repeat(19), { reason: "is not a LEI: 18 letters or digits and 2 check digits" }],
  ["lei", "0".repeat(20), { reason: "is not a LEI: its check digits do not fit" }],
  ["lei", "506700GE1G29325QX363\n1", { reason: "is not a LEI: 18 letters or digits and 2 check digits" }],
  ["duns", "15-048-3782", { value: "150483782" }],
  ["duns", "１５０４８３７８２", { value: "150483782" }],
  ["duns", "15048378", { reason: "is not a DUNS number: 9 digits" }],
  ["duns", "1504837820", { reason: "is not a DUNS number: 9 digits" }],
  ["duns", "1e8", { reason: "is not a DUNS number: 9 digits" }],
  ["vat", "de 123.456.789", { value: "DE123456789" }],
  ["vat", "CHE-123.456.789 MWST", { value: "CHE123456789MWST" }],
  ["vat", "GR 123456789", { value: "EL123456789" }],
  ["vat", "XI123456789", { value: "XI123456789" }],
  ["vat", "US 12-3456789", { value: "US123456789" }],
  ["vat", "DE12345678", { reason: "is not a VAT number of DE" }],
  ["vat", "NL123456789", { reason: "is not a VAT number of NL" }],
  ["vat", "USabcd", { reason: "is not a VAT number of US" }],
  ["vat", "123456789", { reason: "does not begin with a country code; write for example DE123456789" }],
  ["vat", "QQ123456789", { reason: "does not begin with a country code; write for example DE123456789" }],
  ["vat", "<script>", { reason: "does not begin with a country code; write for example DE123456789" }],
  ["erp", " 00-4711 ", { value: " 00-4711 " }],
  ["erp-sap", "'; drop table", { value: "'; drop table" }],
  ["constructor", "x", { value: "x" }],
])("%s %j", (kind, text, expected) => {
  expect(normalForm(kind, text)).toEqual(expected);
});

test("the normal form of a normal form is itself", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("lei", "duns", "vat", "erp"),
      fc.string({ unit: "grapheme", maxLength: 40 }),
      (kind, text) => {
        const form = normalForm(kind, text);
        if ("value" in form) expect(normalForm(kind, form.value)).toEqual(form);
      },
    ),
  );
});
