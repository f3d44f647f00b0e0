import { SvelteMap } from "svelte/reactivity";

/** What is being watched on this page, by its path: shown a second time, it costs nothing but the drawing. */
export const streams = new SvelteMap<string, MediaStream>();
