/** How many columns make the tiles largest in the space there is. */

export interface Grid {
  columns: number;
  rows: number;
  tileWidth: number;
}

const ASPECT = 16 / 9;

/** `caption` is what each tile needs below its picture, in the same unit as the rest. */
export function bestGrid(count: number, width: number, height: number, gap: number, caption: number): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, count), tileWidth: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(Math.max(1, count) / columns);
    const byWidth = (width - gap * (columns - 1)) / columns;
    const byHeight = ((height - gap * (rows - 1)) / rows - caption) * ASPECT;
    const tileWidth = Math.floor(Math.min(byWidth, byHeight));
    if (tileWidth > best.tileWidth) best = { columns, rows, tileWidth };
  }
  return best;
}

/** On a narrow screen one scrolls rather than squints: tiles are never smaller than this. */
export function grid(count: number, width: number, height: number, gap: number, caption: number): Grid {
  const smallest = Math.min(width, 260);
  const best = bestGrid(count, width, height, gap, caption);
  if (best.tileWidth >= smallest) return best;
  const columns = Math.max(1, Math.floor((width + gap) / (smallest + gap)));
  return {
    columns,
    rows: Math.ceil(count / columns),
    tileWidth: Math.floor((width - gap * (columns - 1)) / columns),
  };
}

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

/** The tile an arrow key leads to; at the border one stays. */
export function neighbour(index: number, arrow: Arrow, count: number, columns: number): number {
  const steps: Record<Arrow, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
  };
  const next = index + steps[arrow];
  return next >= 0 && next < count ? next : index;
}
