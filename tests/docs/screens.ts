// `npm run screens`: takes docs/screens/supplier.png again. It shows the supplier with the worst alert after
// `npm start`.
import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { readCommandLine } from "../../scripts/command-line.ts";
import { hasChromium, startBrowser } from "../dashboard/browser.ts";
import { startFolder } from "../start/started-mesh.ts";
import { ROOT } from "./blocks.ts";

const FILE = path.join(ROOT, "docs/screens/supplier.png");
/** The largest picture in bytes: README should load fast. */
const MAX_BYTES = 200_000;

readCommandLine({
  command: "npm run screens",
  about:
    "Takes docs/screens/supplier.png anew: starts everything on demo data and opens the supplier with the worst alert in Chromium.",
  flags: {},
  examples: [""],
  exitCodes: "1 without Chromium, or when the picture is over 200 kB",
});
if (!hasChromium) throw new Error("no Chromium on this machine: apt-get install chromium");
await using folder = await startFolder();
const mesh = await folder.start();
const browser = await startBrowser();
try {
  const page = await browser.newPage({ locale: "en", timezoneId: "UTC", viewport: { width: 1200, height: 960 } });
  await page.goto(mesh.started.dashboard ?? "");
  await page.getByRole("row").nth(1).getByRole("link").first().click();
  await page.getByRole("img", { name: /^Waterfall from the base value/ }).waitFor();
  await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
  await mkdir(path.dirname(FILE), { recursive: true });
  await page.screenshot({ path: FILE, animations: "disabled" });
} finally {
  await browser.close();
  await mesh.end("SIGTERM");
}
const { size } = await stat(FILE);
console.log(`${path.relative(ROOT, FILE)}: ${Math.round(size / 1000)} kB`);
if (size > MAX_BYTES) process.exitCode = 1;
