// `npm run screens`: takes the pictures in docs/screens/ again, one of each page after `npm start`.
import { once } from "node:events";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { newestIsoWeek } from "@bellwether/contract/iso-week";
import type { Page } from "playwright-core";
import { readCommandLine } from "../../scripts/command-line.ts";
import { hasChromium, startBrowser } from "../dashboard/browser.ts";
import { startFolder } from "../start/started-mesh.ts";
import { ROOT } from "./blocks.ts";

const FOLDER = path.join(ROOT, "docs/screens");
/** Time in which the weeks of the demo are replayed. */
const REPLAY_MS = 300_000;
/** The largest picture in bytes: README should load fast. */
const MAX_BYTES = 200_000;

/** A picture: the address of the page, and what is done until the page shows what the picture should have. */
interface Screen {
  readonly name: string;
  readonly hash: string;
  readonly ready: (page: Page) => Promise<unknown>;
  readonly colorScheme?: "dark";
  readonly width?: number;
  /** Whether the page is that of a person who is not signed in. */
  readonly isSignedOut?: boolean;
}

/** What /auth/session answers a person who is not signed in. */
const SIGNED_OUT = {
  ...{ code: "unauthenticated", reason: "SESSION_MISSING", message: "you are not signed in" },
  sign_in: { provider: "login.example.org", token: true, link: false },
};

const firstRow = (page: Page) => page.locator(".inbox-rows .inbox-row").first();
const openPanel = async (page: Page): Promise<void> => {
  await firstRow(page).click();
  await page.locator("section.panel .reasons").waitFor();
};
const openWorst = async (page: Page): Promise<void> => {
  await openPanel(page);
  await page.locator("section.panel h2 a").click();
  await page.getByRole("heading", { name: "Why this score" }).waitFor();
};

/** Sends a test to each destination, and waits for the results. */
const sendTests = async (page: Page): Promise<void> => {
  for (const [name, result] of [
    ["erp", "delivered"],
    ["risk-room", "not delivered yet"],
  ]) {
    await page.getByRole("button", { name: `Send test to ${name}` }).click();
    await page.getByText(`Test to ${name}: ${result}`).waitFor();
  }
  await page.getByRole("table").nth(1).getByRole("row").nth(2).waitFor();
};

/** Checks the review sample, and records that the risk occurred at some suppliers with a high score. */
const recordOutcomes = async (page: Page): Promise<void> => {
  await page.evaluate(async () => {
    interface Scored {
      readonly supplierId: string;
      readonly riskScore?: number;
    }
    const call = async (method: string, request: object) => {
      const answer = await fetch(`/bellwether.ops.v1.${method}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
      });
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json();
    };
    const { suppliers, isoWeek } = await call("SupplierService/ListSuppliers", { pageSize: 200 });
    const { reviews = [] } = await call("OutcomeService/ListReviews", { openOnly: true });
    // A fixed order of shares in [0, 1), so that each run has the same outcomes.
    const hasOccurred = ({ riskScore = 0 }: Scored, i: number): boolean => riskScore > (i * 0.618) % 1;
    const record = async (source: string, rows: readonly object[]): Promise<void> => {
      if (rows.length > 0)
        await call("OutcomeService/RecordOutcomes", { requestId: crypto.randomUUID(), source, rows });
    };
    const scored = suppliers.map(({ supplierId, latestScore }: { supplierId: string; latestScore?: Scored }) => ({
      ...{ supplierId, riskScore: latestScore?.riskScore ?? 0 },
    }));
    await record(
      "OUTCOME_SOURCE_CALL",
      scored
        .filter(hasOccurred)
        .map(({ supplierId }: Scored) => ({ supplierId, isoWeek, value: "OUTCOME_VALUE_OCCURRED" })),
    );
    await record(
      "OUTCOME_SOURCE_REVIEW",
      reviews.slice(0, -4).map((review: Scored, i: number) => ({
        ...{ supplierId: review.supplierId, isoWeek },
        value: hasOccurred(review, i) ? "OUTCOME_VALUE_OCCURRED" : "OUTCOME_VALUE_NOT_OCCURRED",
      })),
    );
  });
  await page.reload();
  await page.getByRole("heading", { name: "By segment" }).waitFor();
};

const showModels = async (page: Page): Promise<void> => {
  await page.locator(".document h3").first().waitFor();
  await page.getByRole("button", { name: "Ask again" }).waitFor();
};

/** Verifies the audit log, and opens the details of its latest event. */
const verifyLog = async (page: Page): Promise<void> => {
  await page.getByRole("button", { name: "Verify the log" }).click();
  await page.getByText("Holds").waitFor();
  await page
    .getByRole("button", { name: /^Details of record/ })
    .first()
    .click();
  await page.locator("pre").waitFor();
};

/** Stores the rules in use as a draft with a lower limit, and tests it. */
const testDraft = async (page: Page): Promise<void> => {
  await page.getByRole("button", { name: /^(Make a|Change the) draft$/ }).click();
  const field = page.getByRole("textbox", { name: "Rules, in the form of alert_rules.yaml" });
  const rules = await field.inputValue();
  await field.fill(rules.replace(/runs_to_raise: \d/, "runs_to_raise: 1"));
  await page.getByRole("button", { name: "Save the draft" }).click();
  await page.getByRole("button", { name: "Test the draft" }).click();
  await page.getByText("All weeks of the test as a table").waitFor();
};

const SCREENS: readonly Screen[] = [
  { name: "alerts", hash: "#/alerts", ready: openPanel },
  { name: "alerts-dark", hash: "#/alerts", ready: openPanel, colorScheme: "dark" },
  { name: "alerts-narrow", hash: "#/alerts", ready: (page) => firstRow(page).waitFor(), width: 390 },
  { name: "week", hash: "#/week", ready: (page) => page.getByText("Biggest risers").waitFor() },
  { name: "suppliers", hash: "#/suppliers", ready: (page) => page.getByRole("row").nth(3).waitFor() },
  { name: "supplier", hash: "#/alerts", ready: openWorst },
  { name: "run", hash: "#/run", ready: (page) => page.getByRole("heading", { name: "Latest runs" }).waitFor() },
  { name: "performance", hash: "#/performance", ready: recordOutcomes },
  { name: "models", hash: "#/models", ready: showModels },
  { name: "rules", hash: "#/rules", ready: testDraft },
  { name: "audit", hash: "#/audit", ready: verifyLog },
  { name: "settings", hash: "#/settings", ready: (page) => page.getByText("Scores with their").waitFor() },
  { name: "notices", hash: "#/settings/notices", ready: sendTests },
  {
    name: "find",
    hash: "#/alerts",
    ready: async (page) => {
      await firstRow(page).waitFor();
      await page.keyboard.press("Control+k");
      const find = page.getByRole("dialog", { name: "Find" });
      await find.getByRole("combobox").fill("falcon");
      await find.getByRole("option").nth(2).waitFor();
    },
  },
  {
    name: "sign-in",
    hash: "#/sign-in",
    ready: (page) => page.getByRole("link", { name: "Sign in at login.example.org" }).waitFor(),
    isSignedOut: true,
  },
];

const { options } = readCommandLine({
  command: "npm run screens",
  about: "Takes the pictures of docs/screens/ again: starts everything on demo data and opens each page in Chromium.",
  flags: {},
  options: {
    every: {
      value: "FOLDER",
      does: "take each page in light and dark, 1280 and 390 pixels wide, write the pictures into this folder and not into docs/screens/, and list elements that are clipped",
    },
  },
  examples: ["", "--every /tmp/screens"],
  exitCodes: "1 without Chromium, or when a picture is over 200 kB",
});
if (!hasChromium) throw new Error("no Chromium on this machine: apt-get install chromium");
await using folder = await startFolder();
/** The receiver of one destination; nothing listens at the address of the other one. */
const receiver = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(204).end());
}).listen(0, "127.0.0.1");
await once(receiver, "listening");
const address = receiver.address();
const port = typeof address === "object" ? address?.port : undefined;
const routes = path.join(folder.path, "notice_routes.yaml");
await writeFile(
  routes,
  [
    "version: 1",
    "destinations:",
    `  - { name: erp, channel: webhook, address: "http://127.0.0.1:${port}/", allow_private_networks: true }`,
    "  - { name: risk-room, channel: teams, address_from: NOTICE_RISK_ROOM, allow_private_networks: true }",
    "routes:",
    "  - { name: critical, severities: [critical], to: [erp] }",
    "",
  ].join("\n"),
);
/** The pictures to take: those of the documentation, or each page in both themes and widths. */
const wanted = options.every === undefined ? SCREENS : everyWay(SCREENS);
const target = options.every ?? FOLDER;
const mesh = await folder.start(
  { BELLWETHER_NOTICE_ROUTES: routes, NOTICE_RISK_ROOM: "http://127.0.0.1:9/hook", MODEL_REGISTRY_URL: undefined },
  "inherit",
  ["--weeks", "8"],
);
const browser = await startBrowser();
try {
  if (mesh.started.dashboard === null) throw new Error("the page is not served");
  await untilReplayed(mesh.started.dashboard);
  await mkdir(target, { recursive: true });
  for (const { name, hash, ready, colorScheme = "light", width = 1200, isSignedOut = false } of wanted) {
    const viewport = { width, height: 760 };
    const page = await browser.newPage({ locale: "en", timezoneId: "UTC", viewport, colorScheme });
    if (isSignedOut) await page.route("**/auth/session", (route) => route.fulfill({ status: 401, json: SIGNED_OUT }));
    await page.goto(`${mesh.started.dashboard}/${hash}`);
    await page
      .getByRole("status")
      .filter({ hasText: /^Live$/ })
      .waitFor();
    await ready(page);
    const file = path.join(target, `${name}.png`);
    const isWhole = options.every !== undefined;
    await page.screenshot({ path: file, animations: "disabled", fullPage: isWhole });
    if (isWhole) for (const text of await clippedTexts(page)) console.log(`${name}: clipped: ${text}`);
    await page.close();
    const { size } = await stat(file);
    console.log(`${path.relative(ROOT, file)}: ${Math.round(size / 1000)} kB`);
    if (size > MAX_BYTES && !isWhole) process.exitCode = 1;
  }
} finally {
  await browser.close();
  await mesh.end("SIGTERM");
  receiver.close();
}

/** Waits until the newest week is complete: the replay of the weeks ends with it. */
async function untilReplayed(url: string): Promise<void> {
  const wanted = newestIsoWeek(new Date());
  for (const deadline = Date.now() + REPLAY_MS; ; await setTimeout(500)) {
    const answer = await fetch(`${url}/bellwether.ops.v1.SupplierService/ListSuppliers`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pageSize: 1 }),
    });
    const { isoWeek } = await answer.json();
    if (isoWeek === wanted) return;
    if (Date.now() > deadline) throw new Error(`the replay is at ${isoWeek} and not at ${wanted}`);
  }
}

/** Returns each page once, in both themes and at both widths. */
function everyWay(screens: readonly Screen[]): Screen[] {
  const pages = screens.filter(({ colorScheme, width }) => colorScheme === undefined && width === undefined);
  return pages.flatMap((page) =>
    [1280, 390].flatMap((width) => [
      { ...page, name: `${page.name}-${width}`, width },
      { ...page, name: `${page.name}-${width}-dark`, width, colorScheme: "dark" as const },
    ]),
  );
}

/** Returns the texts that do not fit into their element, and what is wider than the window. */
function clippedTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found = [...document.querySelectorAll("body *")].filter((element) => {
      const { overflowX } = getComputedStyle(element);
      const isCut = overflowX === "hidden" || overflowX === "clip";
      return isCut && element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1;
    });
    const texts = found.map(
      ({ tagName, className, textContent }) =>
        `${tagName.toLowerCase()}.${String(className)} ${JSON.stringify((textContent ?? "").slice(0, 60))}`,
    );
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth ? [...texts, `the page is ${scrollWidth - clientWidth} px too wide`] : texts;
  });
}
