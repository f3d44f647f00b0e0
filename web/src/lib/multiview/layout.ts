/** Where each tile stands, in pixels: in the grid, or beside the one that is enlarged. */

import { grid } from "./grid";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  boxes: Box[];
  columns: number;
  height: number; // of all of it: more than the space means that one scrolls
}

interface Space {
  width: number;
  height: number;
  gap: number;
  caption: number;
}

const ASPECT = 16 / 9;
const STRIP_SHARE = 0.17;

export function gridLayout(count: number, space: Space): Layout {
  const { columns, rows, tileWidth } = grid(count, space.width, space.height, space.gap, space.caption);
  const tileHeight = heightOf(tileWidth, space.caption);
  const used = columns * tileWidth + (columns - 1) * space.gap;
  const tall = rows * tileHeight + (rows - 1) * space.gap;
  const left = Math.max(0, Math.floor((space.width - used) / 2));
  const top = Math.max(0, Math.floor((space.height - tall) / 2));
  const boxes = Array.from({ length: count }, (_, i) => ({
    x: left + (i % columns) * (tileWidth + space.gap),
    y: top + Math.floor(i / columns) * (tileHeight + space.gap),
    width: tileWidth,
    height: tileHeight,
  }));
  return { boxes, columns, height: Math.max(space.height, tall) };
}

/** One tile as large as it goes; the others in a strip at its right, or below it on an upright screen. */
export function focusLayout(count: number, focused: number, space: Space): Layout {
  const upright = space.width < space.height * 1.1;
  return upright ? below(count, focused, space) : beside(count, focused, space);
}

function beside(count: number, focused: number, space: Space): Layout {
  const others = count - 1;
  const stripWidth = others > 0 ? Math.round(Math.min(340, Math.max(120, space.width * STRIP_SHARE))) : 0;
  const room = space.width - (others > 0 ? stripWidth + space.gap : 0);
  const width = Math.floor(Math.min(room, (space.height - space.caption) * ASPECT));
  const height = heightOf(width, space.caption);
  const left = Math.floor((room - width) / 2);
  const top = Math.floor((space.height - height) / 2);
  const small = heightOf(stripWidth, space.caption);
  const stripHeight = others * (small + space.gap) - space.gap;
  const stripTop = Math.max(0, Math.min(top, space.height - stripHeight));
  let n = 0;
  const boxes = Array.from({ length: count }, (_, i) =>
    i === focused
      ? { x: left, y: top, width, height }
      : {
          x: left + width + space.gap,
          y: stripTop + n++ * (small + space.gap),
          width: stripWidth,
          height: small,
        },
  );
  return { boxes, columns: 1, height: Math.max(space.height, stripTop + stripHeight) };
}

function below(count: number, focused: number, space: Space): Layout {
  const width = space.width;
  const height = heightOf(width, space.caption);
  const columns = Math.max(2, Math.floor(width / 180));
  const small = Math.floor((width - space.gap * (columns - 1)) / columns);
  const smallHeight = heightOf(small, space.caption);
  let n = 0;
  const boxes = Array.from({ length: count }, (_, i) => {
    if (i === focused) return { x: 0, y: 0, width, height };
    const [column, row] = [n % columns, Math.floor(n / columns)];
    n += 1;
    return {
      x: column * (small + space.gap),
      y: height + space.gap + row * (smallHeight + space.gap),
      width: small,
      height: smallHeight,
    };
  });
  const rows = Math.ceil((count - 1) / columns);
  return { boxes, columns, height: height + rows * (smallHeight + space.gap) };
}

function heightOf(width: number, caption: number): number {
  return Math.round(width / ASPECT) + caption;
}
