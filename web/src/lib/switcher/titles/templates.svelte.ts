/** The templates of titles, asked for once; and what of a title is typed where. */

import { get } from "../../api/client";
import type { Overlay } from "../desk";

export type FieldKind = "text" | "multiline" | "time" | "number" | "colour" | "still";

export interface TemplateField {
  name: string;
  label: string;
  kind: FieldKind;
  default: string;
}

export interface Template {
  id: string;
  family: string;
  name: string;
  kind: string;
  fields: TemplateField[];
}

class Templates {
  all = $state.raw<Template[]>([]);
  #asked = false;

  /** Asked for again after a failure, by whoever wants them next. */
  async load(): Promise<void> {
    if (this.#asked) return;
    this.#asked = true;
    try {
      this.all = await get<Template[]>("/overlay-templates");
    } catch (error) {
      this.#asked = false;
      throw error;
    }
  }

  of(overlay: Overlay): Template | undefined {
    return this.all.find(({ id }) => id === overlay.template);
  }
}

export const templates = new Templates();
