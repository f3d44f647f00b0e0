/** The modal dialogs that are open. What stands outside the topmost can be neither clicked nor heard. */

class Layers {
  #open = $state.raw<string[]>([]);

  /** The topmost dialog, or null while there is none and the page itself is on top. */
  readonly top = $derived(this.#open.at(-1) ?? null);

  opened(id: string): void {
    this.#open = [...this.#open, id];
  }

  closed(id: string): void {
    this.#open = this.#open.filter((other) => other !== id);
  }
}

export const layers = new Layers();
