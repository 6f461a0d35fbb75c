// `npm run soak -- swap [NUMBER]`: the same as `npm run bench -- swap`, for a longer time. The last line is one JSON object.
import { metricLine, report } from "./metric.ts";
import { benchSwaps } from "./swap.ts";

const DEFAULT_SWAPS = 500;
const [name, number = String(DEFAULT_SWAPS)] = process.argv.slice(2);
const swaps = Number(number);
const USE = `use: npm run soak -- swap [NUMBER]; NUMBER is 1 to 100000 swaps, default ${DEFAULT_SWAPS}`;
if (name === "--help" || number === "--help") console.log(USE);
else if (name !== "swap" || !Number.isInteger(swaps) || swaps < 1 || swaps > 100_000) {
  console.error(USE);
  process.exitCode = 2;
} else {
  const metrics = await benchSwaps(swaps, (line) => console.log(line));
  for (const measured of metrics) console.log(metricLine(measured));
  console.log(report("soak swap", metrics));
  process.exitCode = metrics.some(({ holds }) => holds === false) ? 1 : 0;
}
