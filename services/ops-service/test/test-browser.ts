/** A browser as far as sign-in needs one: cookies by origin, and redirects that are followed. */
export interface TestBrowser {
  readonly cookies: Map<string, Map<string, string>>;
  /** Requests a page as a navigation does, and follows redirects. `until` ends it before a request. */
  open(
    url: string,
    options?: { readonly until?: (url: URL) => boolean },
  ): Promise<{ readonly url: URL; readonly response: Response | undefined }>;
  /** Requests something as a script of the service's own page does. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** Returns the `cookie` header for a URL. */
  cookieHeader(url: string): string;
  /** Returns a copy with the same cookies, as a thief has it. */
  copy(): TestBrowser;
}

const MAX_REDIRECTS = 20;

/** @param given cookies by origin */
export function createBrowser(given: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map()): TestBrowser {
  const cookies = new Map([...given].map(([origin, own]) => [origin, new Map(own)]));
  const cookieHeader = (url: string): string =>
    [...(cookies.get(new URL(url).origin) ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
  const keep = (url: string, response: Response): Response => {
    const { origin } = new URL(url);
    const own = cookies.get(origin) ?? new Map<string, string>();
    cookies.set(origin, own);
    for (const set of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = set.split(";").map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf("="));
      const isRemoved = attributes.some((one) => /^max-age=0$/i.test(one) || /^expires=.*1970/i.test(one));
      if (isRemoved) own.delete(name);
      else own.set(name, pair.slice(pair.indexOf("=") + 1));
    }
    return response;
  };
  const request = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    const header = cookieHeader(url);
    if (header !== "") headers.set("cookie", header);
    return keep(url, await fetch(url, { ...init, headers, redirect: "manual" }));
  };
  return {
    cookies,
    cookieHeader,
    copy: () => createBrowser(cookies),
    async open(first, { until = () => false } = {}) {
      let url = first;
      for (let i = 0; i < MAX_REDIRECTS; i++) {
        if (until(new URL(url))) return { url: new URL(url), response: undefined };
        const response = await request(url, { headers: { accept: "text/html", "sec-fetch-site": "none" } });
        const location = response.headers.get("location");
        if (location === null) return { url: new URL(url), response };
        await response.arrayBuffer();
        url = new URL(location, url).href;
      }
      throw new Error(`more than ${MAX_REDIRECTS} redirects from ${first}`);
    },
    fetch(url, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("origin")) headers.set("origin", new URL(url).origin);
      return request(url, { ...init, headers });
    },
  };
}
