/** A peak meter's ballistics: up at once, down slowly, the peak held for a while. */

export const FLOOR_DB = -60;
const FALL_DB_PER_S = 26;
const HOLD_MS = 1200;
const PEAK_FALL_DB_PER_S = 40;

export interface MeterState {
  levelDb: number;
  peakDb: number;
  peakAt: number;
  at: number;
}

export const SILENT: MeterState = { levelDb: FLOOR_DB, peakDb: FLOOR_DB, peakAt: 0, at: 0 };

export function decibels(level: number): number {
  return level <= 0 ? FLOOR_DB : Math.max(FLOOR_DB, Math.min(0, 20 * Math.log10(level)));
}

export function metered(state: MeterState, level: number, nowMs: number): MeterState {
  const passed = state.at === 0 ? 0 : Math.max(0, nowMs - state.at) / 1000;
  const db = decibels(level);
  const levelDb = Math.max(db, state.levelDb - FALL_DB_PER_S * passed, FLOOR_DB);
  if (levelDb >= state.peakDb) return { levelDb, peakDb: levelDb, peakAt: nowMs, at: nowMs };
  const held = nowMs - state.peakAt < HOLD_MS;
  const peakDb = held ? state.peakDb : Math.max(levelDb, state.peakDb - PEAK_FALL_DB_PER_S * passed);
  return { levelDb, peakDb, peakAt: state.peakAt, at: nowMs };
}

/** Where a level stands on the scale, 0 to 1; the upper half is the range one mixes in. */
export function meterPosition(db: number): number {
  if (db <= FLOOR_DB) return 0;
  if (db >= 0) return 1;
  return db < -30 ? (0.3 * (db - FLOOR_DB)) / (-30 - FLOOR_DB) : 0.3 + (0.7 * (db + 30)) / 30;
}
