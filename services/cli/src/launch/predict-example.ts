import { shellWord } from "../output/shell-word.ts";

/** A supplier of the demo. */
const SAMPLE =
  '{"supplier_id":"S_00001","past_disputes":7,"financial_stability_index":0.42,"avg_delay":38,"late_ratio":0.45,"avg_payment_delay_days":51,"delivery_score":71,"annual_spend":420000,"contract_value":250000,"dispute_rate":0.2,"avg_delivery_quality":68}';

/** Begin of the examples. @param asksForToken whether the services check tokens */
const curl = (asksForToken: boolean): string =>
  asksForToken ? 'curl -s -H "Authorization: Bearer $(cat "$BELLWETHER_TOKEN_FILE")"' : "curl -s";

/** Returns the line that shows how alerts are listed. */
export const alertsExample = (url: string, asksForToken: boolean): string =>
  `  ${curl(asksForToken)} '${url}/alerts?page_size=3'`;

/**
 * Returns the line that shows how a supplier is scored.
 * @param model name of a model with other features than the demo's; null: the demo's model
 */
export function predictExample(url: string, model: string | null, asksForToken: boolean): string {
  if (model === null) return `  ${curl(asksForToken)} ${url}/predict -d '${SAMPLE}'`;
  return `  npx bellwether models show --model ${shellWord(model)}   # its features: the fields of a supplier for POST ${url}/predict`;
}
