import type { Column, Roles } from "./choose-column-roles.ts";
import type { ColumnProfile } from "./profile-column.ts";

const REGION = /region|country|continent|(?:^|_)(?:bundes)?land(?:_|$)|(?:^|_)state(?:_|$)|laender/;
const CATEGORY = /industry|sector|branche|categor|kategorie|group|gruppe|segment|commodity/;
/** Words of names of amounts of money. */
const MONEY =
  /^(?:amount|spend|spending|expenditure|purchases?|purchasing|revenues?|turnover|sales|value|exposure|eur|euros?|usd|dollars?|gbp|chf|betrag|(?:[a-z]*)(?:umsatz|volumen|wert))$/;
/** Words of names of numbers that are no money, also beside a word of money: days_sales_outstanding. */
const NO_MONEY =
  /^(?:days?|tage|weeks?|months?|years?|hours?|percent|pct|prozent|share|ratio|quote|rate|growth|change|trend|count|number|anzahl|orders|score|rating|index|rank|qty|quantity|units?|p|ph)$/;

/** Whether a number is an amount of money, by its currency mark or the words of its header. */
function isMoney({ header, percent, currency, range }: ColumnProfile): boolean {
  if (percent || range === null || range[0] < 0) return false;
  if (currency.length > 0) return true;
  const words = header
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replaceAll("%", " percent ")
    .replaceAll("€", " eur ")
    .replaceAll("$", " usd ")
    .split(/[^\p{L}]+/u);
  return words.some((word) => MONEY.test(word)) && !words.some((word) => NO_MONEY.test(word));
}

/** Returns the columns of the attributes that are stored with a score. */
export function attributesOf(roles: Roles): [string, string][] {
  const find = (role: Column["role"], is: (column: Column) => boolean): string | undefined =>
    roles.columns.find((column) => column.role === role && is(column))?.name;
  const found: readonly (readonly [string, string | undefined])[] = [
    ["display_name", find("name", () => true)],
    ["region", find("category", ({ name }) => REGION.test(name))],
    ["category", find("category", ({ name }) => CATEGORY.test(name))],
    ["exposure", find("numeric", ({ profile }) => isMoney(profile))],
  ];
  return found.flatMap(([key, column]) => (column === undefined ? [] : [[key, column]]));
}
