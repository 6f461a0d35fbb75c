import type { Route } from "@bellwether/mesh/call/route";
import { type RunningServer, startServer } from "@bellwether/mesh/server/start-server";
import { staticFiles } from "@bellwether/mesh/web/static-files";
import type { WebHandler } from "@bellwether/mesh/web/web-handler";
import { createLogger } from "@bellwether/telemetry/logger";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import { startBrowser } from "./browser.ts";

const WINDOW = { width: 1280, height: 800 };

/** A page in its own browser context. */
export interface OpenedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Error messages that the page has logged or thrown. */
  readonly complaints: string[];
}

/** What /auth/session answers without authentication. */
const NO_AUTHENTICATION = { authentication: "off", message: "authentication is off on this machine" };

/** Returns a handler that answers /auth/session, as ops-service does. */
function answerSession(session: object): WebHandler {
  return (request, response) => {
    if (request.url !== "/auth/session") return false;
    // An answer with a code is that for a person who is not signed in.
    response.statusCode = "code" in session ? 401 : 200;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(session));
    return true;
  };
}

/** Serves a built page and the RPCs of `routes`. `session`: the answer of /auth/session. */
export function servePage(
  dist: string,
  routes: readonly Route[],
  session: object = NO_AUTHENTICATION,
): Promise<RunningServer> {
  return startServer({
    name: "ops-in-memory",
    ports: { grpc: 0, web: 0, admin: 0 },
    routes,
    errors: {},
    logger: createLogger({ name: "ops-in-memory", level: "silent" }),
    webHandlers: [answerSession(session), staticFiles(dist)],
  });
}

/** Starts a browser for the tests of a file. Pages and servers end with their test. */
export function usePages() {
  const dist = inject("dashboardDist");
  let browser: Browser | undefined;
  const opened: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close();
  });
  afterAll(async () => {
    await browser?.close();
  });
  const openUrl = async (url: string): Promise<OpenedPage> => {
    if (!browser) throw new Error("the browser did not start");
    const context = await browser.newContext({ locale: "en", timezoneId: "UTC", viewport: WINDOW });
    opened.push(() => context.close());
    const page = await context.newPage();
    // This time limit is shorter than that of a test, so that the error names what the page waited for.
    page.setDefaultTimeout(25_000);
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(url);
    return { page, context, complaints };
  };
  return {
    /** Returns the folder of the built page. */
    dist: () => dist,
    openUrl,
    /** Serves the page with the RPCs of `routes` and opens it. */
    async openPage(routes: readonly Route[], hash = "", session?: object): Promise<OpenedPage> {
      const server = await servePage(dist, routes, session);
      opened.push(() => server.stop());
      return openUrl(`http://127.0.0.1:${server.addresses.web.port}/${hash}`);
    },
    /**
     * Registers a function that runs at the end of the test. Functions run in reverse order of their
     * registration; pages and servers that were opened earlier are closed after `close`.
     */
    onEnd: (close: () => Promise<unknown>) => void opened.push(close),
  };
}
