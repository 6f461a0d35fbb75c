/** The parameters of a path, by name. */
export type PathParameters = Readonly<Record<string, string>>;

/** Returns the parameters of a path that fits the template, decoded; undefined when it does not fit. */
export type PathMatcher = (path: string) => PathParameters | undefined;

/** Creates the matcher of a template such as "/v2/models/{model}/infer". A parameter is one part and not empty. */
export function pathMatcher(template: string): PathMatcher {
  if (!template.includes("{")) return (path) => (path === template ? {} : undefined);
  const prefix = template.slice(0, template.indexOf("{"));
  const parts = template.split("/").map((text) => ({ text, name: /^\{(\w+)\}$/.exec(text)?.[1] }));
  return (path) => {
    if (!path.startsWith(prefix)) return undefined;
    const given = path.split("/");
    if (given.length !== parts.length) return undefined;
    const parameters: Record<string, string> = {};
    for (const [i, { text, name }] of parts.entries()) {
      const value = given[i] ?? "";
      if (name === undefined) {
        if (value !== text) return undefined;
      } else {
        const decoded = decode(value);
        if (decoded === undefined || decoded === "") return undefined;
        parameters[name] = decoded;
      }
    }
    return parameters;
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
