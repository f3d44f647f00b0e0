/** Where we are: the path of the address bar, on the history API. */

class Router {
  path = $state(location.pathname);

  constructor() {
    addEventListener("popstate", () => (this.path = location.pathname));
  }

  go(path: string, options: { replace?: boolean } = {}): void {
    if (path === this.path) return;
    history[options.replace === true ? "replaceState" : "pushState"](null, "", path);
    this.path = path;
  }

  /** For links: the browser keeps its ways to open a link in a new tab. */
  follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.currentTarget as HTMLElement).closest("a");
    if (link === null || link.origin !== location.origin) return;
    event.preventDefault();
    this.go(link.pathname);
  };
}

export const router = new Router();
