/** An import: the importing file (or folder), and the imported one. */
export type Edge = readonly [from: string, to: string];

/**
 * Returns the groups of nodes that reach each other by edges (strongly connected components of two or more
 * nodes). An edge from a node to itself is ignored.
 * @returns each group sorted, and the groups sorted by their first node
 */
export function findCycles(edges: readonly Edge[]): string[][] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) {
    const targets = next.get(from) ?? new Set();
    next.set(from, targets);
    if (from !== to) targets.add(to);
  }
  const reached = new Map([...next.keys()].map((node) => [node, reachedFrom(node, next)]));
  const cycles: string[][] = [];
  for (const node of [...next.keys()].sort()) {
    const within = reached.get(node);
    if (!within?.has(node) || cycles.some((cycle) => cycle.includes(node))) continue;
    cycles.push([...within].filter((other) => reached.get(other)?.has(node)).sort());
  }
  return cycles;
}

/**
 * Returns the imports between the entries of each folder. An entry is a file of the folder, or a subfolder
 * with everything below it. An import within one entry counts one level deeper, in that entry's own folder.
 */
export function folderEdges(edges: readonly Edge[]): Edge[] {
  return edges.map(([from, to]) => {
    const source = from.split("/");
    const target = to.split("/");
    const differ = source.findIndex((part, i) => part !== target[i]);
    return [source.slice(0, differ + 1).join("/"), target.slice(0, differ + 1).join("/")];
  });
}

function reachedFrom(start: string, next: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const reached = new Set<string>();
  const stack = [start];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const target of next.get(node) ?? []) {
      if (reached.has(target)) continue;
      reached.add(target);
      stack.push(target);
    }
  }
  return reached;
}
