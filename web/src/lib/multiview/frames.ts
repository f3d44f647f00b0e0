/** One animation loop for all meters: they read first and draw afterwards, 30 times a second. */

const INTERVAL_MS = 33;

type Draw = (now: number) => void;

const drawers = new Set<Draw>();
let running = false;
let last = 0;

export function onFrame(draw: Draw): () => void {
  drawers.add(draw);
  if (!running) {
    running = true;
    requestAnimationFrame(loop);
  }
  return () => drawers.delete(draw);
}

function loop(now: number): void {
  if (drawers.size === 0) {
    running = false;
    return;
  }
  requestAnimationFrame(loop);
  if (now - last < INTERVAL_MS - 4) return;
  last = now;
  drawers.forEach((draw) => draw(now));
}
