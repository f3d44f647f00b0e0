/** A state is never a colour alone: it has a word, an icon and a tone. */

import type { State } from "./api/types";
import type { IconName } from "./ui/Icon.svelte";

export type Tone = "live" | "warn" | "bad" | "off";

export interface StateLook {
  word: string;
  icon: IconName;
  tone: Tone;
}

const LOOKS: Record<State, StateLook> = {
  live: { word: "Live", icon: "live", tone: "live" },
  starting: { word: "Starting", icon: "starting", tone: "off" },
  stalled: { word: "Stalled", icon: "stalled", tone: "warn" },
  retrying: { word: "Retrying", icon: "retry", tone: "warn" },
  failed: { word: "Failed", icon: "failed", tone: "bad" },
  stopped: { word: "Stopped", icon: "stop", tone: "off" },
};

/** What was the state when one last heard of it. */
export function lastKnownLook(state: string): StateLook {
  return { word: `Was ${stateLook(state).word.toLowerCase()}`, icon: "info", tone: "off" };
}

export function stateLook(state: string): StateLook {
  return LOOKS[state as State] ?? { word: state, icon: "info", tone: "off" };
}
