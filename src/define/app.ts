// Step 5, app: the page where people ask the model.

import { isObject } from "../base/json.ts";
import { checkOptions, checkText, invalid } from "./check.ts";
import type { Component } from "./component.ts";
import type { InferenceComponent } from "./inference.ts";

export interface AppOptions {
  /** The file's name unless given; stands in the address `/app/NAME`. */
  readonly name?: string;
  /** The default export of inference.ts. */
  readonly inference: InferenceComponent;
  /** The page's head. */
  readonly title: string;
  /** One or two sentences above the form. */
  readonly intro?: string;
  /** Ask people whether the answer was right. */
  readonly feedback?: boolean;
}

export interface AppComponent extends Component<"app"> {
  readonly options: AppOptions;
}

/**
 * Declares the product page.
 *
 * @example
 * export default defineApp({ inference, title: "Seattle rain", feedback: true });
 */
export function defineApp(options: AppOptions): AppComponent {
  checkOptions("defineApp()", options, ["name", "inference", "title", "intro", "feedback"]);
  if (!isObject(options.inference) || options.inference.kind !== "inference")
    throw invalid("inference", "the default export of inference.ts", options.inference);
  checkText("title", options.title);
  if (options.intro !== undefined) checkText("intro", options.intro);
  return { kind: "app", name: options.name, options };
}
