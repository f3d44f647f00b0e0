/** Where what had the focus is taken away, as a row that was deleted, its surroundings get it: not the whole document. */
export function keepFocus(place: HTMLElement): () => void {
  let last: Node | null = null;
  const remember = ({ target }: FocusEvent): void => {
    last = target as Node;
  };
  const observer = new MutationObserver(() => {
    if (last === null || last.isConnected) return;
    last = null;
    if (document.activeElement === document.body) place.focus();
  });
  place.addEventListener("focusin", remember);
  observer.observe(place, { childList: true, subtree: true });
  return () => {
    place.removeEventListener("focusin", remember);
    observer.disconnect();
  };
}
