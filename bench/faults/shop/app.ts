// Step 5: the page for the people who call customers.

import { defineApp } from "pentad";
import inference from "./inference.ts";

export default defineApp({ inference, title: "Who leaves?", feedback: true });
