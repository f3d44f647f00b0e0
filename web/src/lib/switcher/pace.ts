/** What a hand moves changes more often than anybody needs to hear: at most so often, and the last one always. */
export function paced<T>(everyMs: number, send: (value: T) => void): (value: T) => void {
  let next: { value: T } | null = null;
  let resting = false;

  function rest(): void {
    resting = true;
    setTimeout(() => {
      resting = false;
      if (next === null) return;
      const { value } = next;
      next = null;
      send(value);
      rest();
    }, everyMs);
  }

  return (value) => {
    if (resting) {
      next = { value };
      return;
    }
    send(value);
    rest();
  };
}
