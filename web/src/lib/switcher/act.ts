/** Commands to a production; what the page shows changes when the mixer has confirmed it, and no sooner. */

import { live } from "../live/store.svelte";
import { toasts } from "../ui/toasts.svelte";
import type { Overlay, Strip, Transition } from "./desk";

export class Actions {
  constructor(readonly production: string) {}

  preview = (scene: string): void => this.#do("preview", { scene });
  cut = (scene?: string): void => this.#do("cut", scene === undefined ? {} : { scene });
  auto = (): void => this.#do("auto", {});
  tBar = (way: number): void => this.#do("t_bar", { way });
  fadeToBlack = (on: boolean): void => this.#do("fade_to_black", { on });
  setTransition = (transition: Partial<Transition>): void => this.#do("set_transition", { transition });
  setStrip = (source: string, strip: Partial<Strip>): void => this.#do("set_strip", { source, strip });

  takeOverlay = (overlay: string, on: boolean): void => this.#do("overlay", { overlay, on });
  putOverlay = (overlay: Overlay): void => this.#do("put_overlay", { overlay });
  resetLoudness = (): void => this.#do("reset_loudness", {});
  solo = (sources: string[]): void => this.#do("solo", { sources });

  /** For what has to be waited for; a refusal is the caller's to tell. */
  ask = (name: string, args: object): Promise<unknown> => live.command(name, this.production, args);

  #do(name: string, args: object): void {
    this.ask(name, args).catch((error: unknown) => toasts.failed(error));
  }
}
