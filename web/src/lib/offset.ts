/** How far the server's clock is ahead of this one. What the network adds is let be: seconds would jump to and fro. */

const TOLERANCE_MS = 500;

export function correctedOffset(beforeMs: number, heardMs: number): number {
  return Math.abs(heardMs - beforeMs) > TOLERANCE_MS ? heardMs : beforeMs;
}
