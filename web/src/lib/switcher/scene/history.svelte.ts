const MAX_STEPS = 200;

/** What was, and what is. A change with the same key as the last one is the same step: a drag, a typed number. */
export class History<T> {
  now: T = $state.raw() as T;
  #past = $state.raw<T[]>([]);
  #future = $state.raw<T[]>([]);
  #key: string | null = null;

  readonly canUndo = $derived(this.#past.length > 0);
  readonly canRedo = $derived(this.#future.length > 0);

  constructor(first: T) {
    this.now = first;
  }

  change(next: T, key: string | null = null): void {
    if (key === null || key !== this.#key) this.#past = [...this.#past, this.now].slice(-MAX_STEPS);
    this.#key = key;
    this.#future = [];
    this.now = next;
  }

  /** What comes next is another step. */
  settle(): void {
    this.#key = null;
  }

  undo(): void {
    const before = this.#past.at(-1);
    if (before === undefined) return;
    this.#past = this.#past.slice(0, -1);
    this.#future = [...this.#future, this.now];
    this.#stand(before);
  }

  redo(): void {
    const after = this.#future.at(-1);
    if (after === undefined) return;
    this.#future = this.#future.slice(0, -1);
    this.#past = [...this.#past, this.now];
    this.#stand(after);
  }

  #stand(at: T): void {
    this.now = at;
    this.#key = null;
  }
}
