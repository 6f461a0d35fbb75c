// Runs the suite and prints one line with the counts at the end. With CI=true, a skipped test fails the run.
import { countsLine, runSuite } from "./run-suite.ts";

const suite = runSuite(process.argv.slice(2));
console.log(countsLine([suite]));
process.exit(suite.holds ? 0 : 1);
