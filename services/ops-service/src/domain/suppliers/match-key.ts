import { searchKey } from "./search-key.ts";

/** Legal forms, as `searchKey` writes them, without dots: companies are named with and without them. */
const LEGAL_FORMS = new Set(
  (
    "ab ag aps as asa bv bvba co company corp corporation cv doo dba eg eood ev gbr gesmbh gmbh inc incorporated kft " +
    "kg kgaa lda limited llc llp lp ltd ltda mbh nv ohg oy oyj plc pte pty pvt sa sarl sas sasu sc sca scs se sia sl " +
    "slu sn snc sp spa spj spol spolka sro srl srls srs ua uab ug und and et cie y zoo"
  ).split(" "),
);
/** Letters that German writes with two letters where an accent is missing. */
const TWO_LETTERS = /([aou])e/g;
/** Maximum length of a key, UTF-16 code units. Longer names are compared by their first words in alphabetical order. */
const MAX_KEY = 200;
const MIN_KEY = 3;

/**
 * Returns the form of a name by which possible duplicates are found: its different words in alphabetical order, without
 * legal forms, accents, punctuation and doubled letters. Empty: the name has no such words. This is the method
 * "fingerprint" of OpenRefine (Key Collision Methods), and here it also ignores legal forms.
 */
export function matchKey(name: string): string {
  const words = searchKey(name)
    // "S.A." and "G.m.b.H." are one word.
    .replace(/(?<=(?:^|[^\p{L}])\p{L}{1,3})\.(?=\p{L}{1,3}(?:\.|$|[^\p{L}]))/gu, "")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
  const own = words.filter((word) => !LEGAL_FORMS.has(word));
  const plain = own.map((word) => word.replace(TWO_LETTERS, "$1").replace(/(\p{L})\1+/gu, "$1"));
  const key = [...new Set(plain)].sort().join("-");
  if (key.length < MIN_KEY) return "";
  return key.slice(0, MAX_KEY).replace(/[\uD800-\uDBFF]$/, "");
}
