/** Waits that double from the first to the longest; random spreads many pages that wait for one server. */
export function backoffMs(attempt: number, firstMs: number, longestMs: number, random = 0.5): number {
  const doubled = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(doubled * (0.75 + 0.25 * random));
}
